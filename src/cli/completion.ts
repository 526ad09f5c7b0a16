import { CommandFailure } from "./failure.ts"

/** The shell asks `complete` what may come next; it answers within 300 ms or not at all. */
const scripts: Readonly<Record<string, string>> = {
  bash: `_porchlight() {
  local IFS=$'\\n'
  COMPREPLY=($(porchlight complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -F _porchlight porchlight`,
  zsh: `#compdef porchlight
_porchlight() {
  local -a found
  found=("\${(@f)$(porchlight complete -- "\${words[@]:1:CURRENT-1}" 2>/dev/null)}")
  compadd -- $found
}
compdef _porchlight porchlight`,
  fish: `complete -c porchlight -f -a '(porchlight complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
}

/** Prints the script for a shell: `source <(porchlight completion bash)`. */
export const completion = (shell: string): number => {
  const script = scripts[shell]
  if (script === undefined)
    throw new CommandFailure(2, `There is no completion for ${shell}; there is for ${Object.keys(scripts).join(", ")}.`)
  console.log(script)
  return 0
}
