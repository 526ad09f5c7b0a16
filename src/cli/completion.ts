import { CommandFailure } from "./failure.ts"

/**
 * The shell asks `complete` what may come next; it answers within 300 ms or not at all. Where it has no word the shell
 * offers files. Readline cuts words at `:` and `=`, so bash is told the line as it was typed, and gets back what stands
 * behind the last of them.
 */
const scripts: Readonly<Record<string, string>> = {
  bash: `_porchlight() {
  local line=\${COMP_LINE:0:COMP_POINT} current cut word
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=\${words[\${#words[@]}-1]}
  cut=
  [[ $current == *[:=]* ]] && cut=\${current%"\${current##*[:=]}"}
  COMPREPLY=()
  while IFS= read -r word; do
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY+=("\${word#"$cut"}")
  done < <("$1" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _porchlight porchlight`,
  zsh: `#compdef porchlight
_porchlight() {
  local -a found
  found=("\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
compdef _porchlight porchlight`,
  fish: `complete -c porchlight -a '(set -l words (commandline -opc); $words[1] complete -- $words[2..] (commandline -ct) 2>/dev/null)'`,
}

/** Prints the script for a shell: `source <(porchlight completion bash)`. */
export const completion = (shell: string): number => {
  const script = scripts[shell]
  if (script === undefined)
    throw new CommandFailure(2, `There is no completion for ${shell}; there is for ${Object.keys(scripts).join(", ")}.`)
  console.log(script)
  return 0
}
