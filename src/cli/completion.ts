import { join } from "node:path"
import { CommandFailure } from "./failure.ts"
import { packageRoot } from "./lab-programs.ts"
import { commandPrefix } from "./prefix.ts"
import { shellWord } from "./survey/dump-facts.ts"

/**
 * The shell asks `complete` what may come next; it answers within 300 ms or not at all. Where it has no word the shell
 * offers files. Readline cuts words at `:` and `=`, so bash is told the line as it was typed, and gets back what stands
 * behind the last of them. Behind `npx` the program itself is asked: npx alone takes longer than anybody waits for Tab.
 */
type Script = { readonly plain: string; readonly npx: string }

const scriptsFor = (program: string): Readonly<Record<string, Script>> => ({
  bash: {
    plain: `_porchlight() {
  local line=\${COMP_LINE:0:COMP_POINT} program=$1 current cut word
  local -a words
  read -ra words <<< "$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  COMPREPLY=()
  if [[ $program == npx ]]; then
    (( \${#words[@]} > 2 )) || { COMPREPLY=($(compgen -W porchlight -- "\${words[1]}")); return; }
    [[ \${words[1]} == porchlight ]] || return
    program=${program}
    words=("\${words[@]:1}")
  fi
  current=\${words[\${#words[@]}-1]}
  cut=
  [[ $current == *[:=]* ]] && cut=\${current%"\${current##*[:=]}"}
  while IFS= read -r word; do
    [[ $word == *= ]] && compopt -o nospace
    COMPREPLY+=("\${word#"$cut"}")
  done < <("$program" complete -- "\${words[@]:1}" 2>/dev/null)
}
complete -o default -F _porchlight porchlight`,
    npx: `complete -p npx > /dev/null 2>&1 || complete -o default -F _porchlight npx`,
  },
  zsh: {
    plain: `#compdef porchlight
_porchlight() {
  local program=\${words[1]}
  local -a typed found
  typed=("\${(@)words[2,CURRENT]}")
  if [[ $program == npx ]]; then
    (( CURRENT > 2 )) || { compadd -- porchlight; return; }
    [[ \${words[2]} == porchlight ]] || { _files; return; }
    program=${program}
    typed=("\${(@)words[3,CURRENT]}")
  fi
  found=("\${(@f)$("$program" complete -- "\${(@)typed}" 2>/dev/null)}")
  if [[ -n "$found" ]]; then
    compadd -- "\${(@)found:#*=}"
    compadd -S "" -- "\${(@M)found:#*=}"
  else
    _files
  fi
}
compdef _porchlight porchlight`,
    npx: `(( $+_comps[npx] )) || compdef _porchlight npx`,
  },
  fish: {
    plain: `function __porchlight_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct)
  set -l program $words[1]
  if test "$program" = npx
    set program ${program}
    set -e words[1]
  end
  set -l found ($program complete -- $words[2..] "$current" 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path "$current"
  end
end
complete -c porchlight -f -a '(__porchlight_complete)'`,
    npx: `complete -c npx -n 'test (count (commandline -opc)) -eq 1' -f -a porchlight
complete -c npx -n 'test "$(commandline -opc)[2]" = porchlight' -f -a '(__porchlight_complete)'`,
  },
})

/** Prints the script for a shell: `source <(porchlight completion bash)`. Started by npx, the script completes that too. */
export const completion = (shell: string): number => {
  const scripts = scriptsFor(shellWord(join(packageRoot(), "bin", "porchlight")))
  const script = scripts[shell]
  if (script === undefined)
    throw new CommandFailure(2, `There is no completion for ${shell}; there is for ${Object.keys(scripts).join(", ")}.`)
  console.log(commandPrefix().startsWith("npx ") ? `${script.plain}\n${script.npx}` : script.plain)
  return 0
}
