import { Command, Option } from "commander"
import { failWith } from "../cli/failing.ts"
import { endWithOutput } from "../cli/output.ts"
import { commandPrefix } from "../cli/prefix.ts"
import { printableLines } from "../cli/printable.ts"
import { styleFor } from "../cli/style.ts"
import { versionLine } from "../cli/version.ts"

/** Each command's code is loaded when it runs: `--help` has 100 ms. */
const program = new Command()
program
  .name(commandPrefix())
  .description("Addresses for Services of type LoadBalancer, and why.")
  .version(versionLine(), "-v, --version", "which version this is")
  .helpCommand(false)
  .configureHelp({ sortSubcommands: false })
  .showSuggestionAfterError(true)
  .configureOutput({
    outputError: (text, write) =>
      write(
        printableLines(
          text.replace(/^error: (.)/, (_, first: string) => `${styleFor(process.stderr).bad} ${first.toUpperCase()}`),
        ),
      ),
  })
  .exitOverride()

const output = new Option("-o, --output <format>", "form of the answer").choices(["wide", "json", "yaml", "name"])
const colour = new Option("--color <when>", "colour").choices(["auto", "always", "never"]).default("auto")

const asking = (name: string, summary: string): Command =>
  program
    .command(name)
    .summary(summary)
    .description(summary)
    .option("--context <name>", "context of the kubeconfig")
    .option("--kubeconfig <file>", "kubeconfig to read (default: KUBECONFIG, ~/.kube/config)")
    .option("--metallb-namespace <name>", "where pools and advertisements are", "metallb-system")
    .option("--lb-class <name>", "loadBalancerClass that the controller serves, where it serves one")
    .option("--from <source>", "a dump: file, folder, - for standard input, or lab:NAME")
    .option("--network <file>", "network facts that the cluster does not know")
    .option("-a, --all", "leave nothing out")
    .addOption(output)
    .addOption(colour)

const ofService = "of a Service that is given without one"

program.commandsGroup("Look:")
asking("status", "is it healthy? one screen")
  .option("-n, --namespace <name>", "show only its Services")
  .action(async (options) => {
    const { status } = await import("../cli/status.ts")
    process.exitCode = await status(options)
  })
asking("explain", "why is it so?")
  .option("-n, --namespace <name>", ofService)
  .argument("<what>", "Service, address, node or pool")
  .action(async (what: string, options) => {
    const { explain } = await import("../cli/explain.ts")
    process.exitCode = await explain(what, options)
  })
asking("moves", "which address moved, when, from where to where, and why")
  .option("-n, --namespace <name>", ofService)
  .argument("[what]", "only moves of that Service, address, node or pool")
  .action(async (what: string | undefined, options) => {
    const { moves } = await import("../cli/moves.ts")
    process.exitCode = await moves(what, options)
  })
program
  .command("watch")
  .summary("moves, findings, addresses given and refused: live, a line each")
  .description("Tells what happens, when it happens, until Ctrl-C.")
  .option("--context <name>", "context of the kubeconfig")
  .option("--kubeconfig <file>", "kubeconfig to read (default: KUBECONFIG, ~/.kube/config)")
  .option("-n, --namespace <name>", "of Services only those of this namespace")
  .option("--from <lab>", "lab:NAME")
  .option("--for <duration>", "end after so long: 90s, 5m, 1h30m")
  .addOption(new Option("-o, --output <format>", "form of a line").choices(["json"]))
  .addOption(colour)
  .action(async (options) => {
    const { watch } = await import("../cli/watch.ts")
    process.exitCode = await watch(options)
  })

program.commandsGroup("Act:")
asking("rebalance", "give each address back to the first of its order: says what would move, then asks")
  .option("-y, --yes", "do it without asking")
  .action(async (options) => {
    const { rebalance } = await import("../cli/rebalance.ts")
    process.exitCode = await rebalance(options)
  })

program.commandsGroup("Try:")
program
  .command("demo")
  .summary("the main job in a minute, on real packets where this machine allows")
  .description("Raises a network in namespaces, lets a node die, and shows who answers and why.")
  .option("--keep", "leave it running and say how to look around; Ctrl-C ends it")
  .addOption(colour)
  .action(async (options) => {
    const { demo } = await import("../cli/demo.ts")
    process.exitCode = await demo(options)
  })
const lab = program
  .command("lab")
  .summary("a network of your own to break")
  .description("Scenarios in network namespaces.")
  .helpCommand(false)
  .enablePositionalOptions()
lab
  .command("up")
  .summary("raise a scenario")
  .argument("[scenario]", "name, or a folder", "media-stack")
  .addOption(
    new Option("--wire <kind>", "packets in network namespaces, or a simulation in one process for machines without")
      .choices(["real", "simulated"])
      .default("real"),
  )
  .option("--port <number>", "port of the API server on 127.0.0.1 (default: a free one)")
  .addOption(colour)
  .action(async (scenario: string, options) => {
    process.exitCode = await (await import("../cli/lab.ts")).labUp(scenario, options)
  })
lab
  .command("down")
  .summary("end it")
  .argument("[scenario]")
  .action(async (scenario?: string) => {
    process.exitCode = await (await import("../cli/lab.ts")).labDown(scenario)
  })
lab
  .command("list")
  .summary("which scenarios there are, and which run")
  .addOption(output)
  .action(async (options) => {
    process.exitCode = await (await import("../cli/lab.ts")).labList(options)
  })
lab
  .command("env")
  .summary('for eval "$(...)": kubectl and this program then speak to it')
  .argument("[scenario]")
  .action(async (scenario?: string) => {
    process.exitCode = (await import("../cli/lab.ts")).labEnv(scenario)
  })
lab
  .command("exec")
  .summary("run a command in one of its machines: exec MACHINE -- COMMAND")
  .argument("<machine>")
  .argument("<command...>")
  .option("--lab <scenario>", "which lab, when several run")
  .passThroughOptions()
  .action(async (machine: string, command: string[], options) => {
    process.exitCode = await (await import("../cli/lab.ts")).labExec(machine, command, options)
  })
lab
  .command("break")
  .summary("break something: break w3 power; break api")
  .description(
    "Faults: power, shutdown (in order), cable, carrier, blocked (as by spanning tree), flap, speaker (killed), freeze, proxy (stands still), api, beats, arp, ipv6 (off), loss=20%, mtu=1280, oneway=MACHINE (what it sends there is lost), twin=ADDRESS, cable=LINK, carrier=LINK. A fault without a value takes a time: freeze=10s. Without a machine: api, proxy, oneway=FROM>TO, and what the API server does to everybody: api=mute, 410, 429, 500, 502, 503, 504, cut, slow.",
  )
  .argument("<words...>", "[MACHINE] FAULT")
  .option("--lab <scenario>", "which lab, when several run")
  .action(async (words: string[], options) => {
    process.exitCode = await (await import("../cli/lab.ts")).labFault("break", words, options)
  })
lab
  .command("mend")
  .summary("undo it: mend w3 power; mend w3; mend")
  .argument("[words...]", "[MACHINE] [FAULT]; nothing: everything")
  .option("--lab <scenario>", "which lab, when several run")
  .action(async (words: string[], options) => {
    process.exitCode = await (await import("../cli/lab.ts")).labFault("mend", words, options)
  })

program.commandsGroup("Help:")
program
  .command("completion")
  .summary("completion for a shell")
  .description(
    `Prints a script: source <(${commandPrefix()} completion bash), likewise zsh; in fish ${commandPrefix()} completion fish | source. Asked for by npx, it completes npx porchlight too.`,
  )
  .argument("<shell>", "bash, zsh or fish")
  .action(async (shell: string) => {
    process.exitCode = (await import("../cli/completion.ts")).completion(shell)
  })
program
  .command("complete", { hidden: true })
  .argument("[words...]")
  .allowUnknownOption()
  .action(async (words: string[]) => {
    process.exitCode = await (await import("../cli/complete.ts")).complete(words, program)
  })
program
  .command("replay")
  .summary("run a recording of a speaker or controller again, and compare")
  .description("Runs the inputs that --record wrote through the same programs; says the first output that differs.")
  .argument("<file>")
  .addOption(output)
  .addOption(colour)
  .action(async (file: string, options) => {
    process.exitCode = await (await import("../cli/replay.ts")).replayFile(file, options)
  })
program
  .command("help")
  .summary("what a command does, and its options")
  .argument("[command...]", "such as lab exec")
  .action((words: string[]) => {
    let asked: Command = program
    for (const word of words)
      asked =
        asked.commands.find((command) => command.name() === word) ??
        asked.error(`error: there is no command ${words.join(" ")}`)
    asked.outputHelp()
  })
program
  .command("version")
  .summary("which version this is")
  .addOption(output)
  .action(async (options) => {
    process.exitCode = await (await import("../cli/version.ts")).version(options)
  })

program
  .command("lab-hold", { hidden: true })
  .argument("<order>")
  .action(async (order: string) => {
    await (await import("./lab.ts")).runLabHolder(order)
  })
program
  .command("lab-inside", { hidden: true })
  .argument("<order>")
  .action(async (order: string) => {
    await (await import("./lab.ts")).runLabInside(order)
  })
program
  .command("controller", { hidden: true })
  .description("Runs in the cluster: gives addresses.")
  .option(
    "--namespace <name>",
    "where pools and advertisements are",
    process.env["METALLB_NAMESPACE"] ?? "metallb-system",
  )
  .option("--api <where>", "kubeconfig file, or unix:PATH; default: as a pod")
  .option("--lb-class <name>", "only Services of this class; without it: only those of none")
  .option("--metrics-port <port>", "0 turns metrics off", "7472")
  .option("--inspect-socket <path>", "unix socket that shows the program's inside as JSON")
  .option("--record <file>", "record every input for porchlight replay; it holds what the API server says")
  .action(async (options) => {
    await (await import("./controller.ts")).runController(options)
  })
program
  .command("speaker", { hidden: true })
  .description("Runs on every node: announces addresses.")
  .option("--node-name <name>", "this node", process.env["METALLB_NODE_NAME"] ?? "")
  .option(
    "--namespace <name>",
    "where pools and advertisements are",
    process.env["METALLB_NAMESPACE"] ?? "metallb-system",
  )
  .option("--pod-name <name>", "this pod", process.env["METALLB_POD_NAME"] ?? "")
  .option("--api <where>", "kubeconfig file, or unix:PATH; default: as a pod")
  .option("--lb-class <name>", "only Services of this class; without it: only those of none")
  .option("--ignore-exclude-lb", "announce from nodes labelled exclude-from-external-load-balancers too")
  .option("--beat-key-dir <folder>", "files current and next", "/etc/porchlight/beat")
  .addOption(
    new Option("--profile <name>", "how fast a death is noticed")
      .choices(["default", "fast", "calm"])
      .default("default"),
  )
  .option(
    "--arp-per-second-max <count>",
    "no more ARP and neighbour discovery frames a second on a link, where switches count them",
  )
  .option("--metrics-port <port>", "0 turns metrics off", "7472")
  .option("--inspect-socket <path>", "unix socket that shows the program's inside as JSON")
  .option("--record <file>", "record every input for porchlight replay; the file is as secret as the beat key")
  .action(async (options) => {
    await (await import("./speaker.ts")).runSpeaker(options)
  })

/** Each refusal names the help of the command that was typed. */
const nameOwnHelp = (command: Command, words: string): void => {
  command.showHelpAfterError(`  ${words} --help`)
  for (const inner of command.commands) nameOwnHelp(inner, `${words} ${inner.name()}`)
}
nameOwnHelp(program, commandPrefix())

/** These outlive whoever reads what they print. */
const daemons = new Set(["controller", "speaker", "lab-hold", "lab-inside"])
if (!daemons.has(process.argv[2] ?? "")) endWithOutput()

try {
  await program.parseAsync()
} catch (error) {
  process.exitCode = failWith(error)
}
