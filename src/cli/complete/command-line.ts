import type { Command, Option } from "commander"

/** Where the word that is being typed stands in the command tree. */
export type Place = {
  /** Names of the commands from the program's own: `["lab", "up"]`. */
  readonly path: readonly string[]
  readonly command: Command
  /** Arguments before the word, without options. */
  readonly given: readonly string[]
  /** Values of the options before it, by long name without dashes. */
  readonly options: ReadonlyMap<string, string>
  /** The option whose value the word is. */
  readonly valueOf: Option | undefined
  /** What is typed of the word so far. */
  readonly word: string
}

/** Walks the words after the program's name; the last one is being typed. */
export const placeOf = (words: readonly string[], program: Command): Place => {
  const path: string[] = []
  const given: string[] = []
  const options = new Map<string, string>()
  let command = program
  let valueOf: Option | undefined
  for (const word of words.slice(0, -1)) {
    if (valueOf !== undefined) {
      options.set(valueOf.name(), word)
      valueOf = undefined
    } else if (word.startsWith("-") && word !== "--") {
      const [name = "", value] = word.split("=", 2)
      const option = command.options.find(({ long, short }) => long === name || short === name)
      if (value !== undefined) options.set(option?.name() ?? name, value)
      else if (option?.required === true) valueOf = option
    } else {
      const next = given.length === 0 ? command.commands.find((one) => one.name() === word) : undefined
      if (next === undefined) given.push(word)
      else {
        command = next
        path.push(word)
      }
    }
  }
  return { path, command, given, options, valueOf, word: words.at(-1) ?? "" }
}

/** What the command tree itself offers there: subcommands, options, the values an option may have. */
export const wordsOfTree = ({ command, given, valueOf, word }: Place, program: Command): readonly string[] => {
  if (valueOf !== undefined) return valueOf.argChoices ?? []
  const help = program.createHelp()
  if (word.startsWith("-")) return help.visibleOptions(command).flatMap(({ long }) => long ?? [])
  return given.length > 0 ? [] : help.visibleCommands(command).map((one) => one.name())
}
