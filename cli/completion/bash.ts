import { namesOf, type Place, pattern } from './tree.js';

/** Completion for bash: commands, options and their choices; file names otherwise. */
export function bashCompletion(places: readonly Place[]): string {
  const commands = places.slice(1).flatMap(namesOf);
  const values = places.flatMap((place) =>
    place.options.flatMap(({ choices, names, takesValue }) => {
      if (!takesValue) return [];
      const where = pattern(namesOf(place).flatMap((path) => names.map((name) => `${path} ${name}`)));
      const reply = choices.length > 0 ? `COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); ` : '';
      return [`    ${where}) ${reply}return ;;`];
    }),
  );
  const words = places.map((place) => {
    const names = [...place.children.map(({ name }) => name), ...place.choices];
    const options = place.options.flatMap((option) => option.names);
    return `    ${pattern(namesOf(place))}) words='${names.join(' ')}' options='${options.join(' ')}' ;;`;
  });
  return `# bash completion for makai; made by \`makai completion bash\`.
_makai() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} at=makai words='' options='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$at \${COMP_WORDS[i]}" in
    ${pattern(commands)}) at="$at \${COMP_WORDS[i]}" ;;
    esac
  done
  # What an option takes; nothing here means a file name.
  case "$at $prev" in
${values.join('\n')}
  esac
  case "$at" in
${words.join('\n')}
  esac
  if [[ $cur == -* ]]; then words=$options; fi
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _makai makai
`;
}
