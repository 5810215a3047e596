import { namesOf, type Place, pattern } from './tree.js';

/** Completion for zsh, with descriptions. */
export function zshCompletion(places: readonly Place[]): string {
  const commands = places.slice(1).flatMap(namesOf);
  const values = places.flatMap((place) =>
    place.options.flatMap(({ choices, names, takesValue }) => {
      if (!takesValue) return [];
      const where = pattern(namesOf(place).flatMap((path) => names.map((name) => `${path} ${name}`)));
      return [
        `    ${where}) ${choices.length > 0 ? `compadd -- ${choices.join(' ')}` : '_files'}; return ;;`,
      ];
    }),
  );
  const entries = places.map((place) => {
    const names = [...place.children, ...place.choices.map((name) => ({ name, description: '' }))];
    const listed = (all: readonly { name: string; description: string }[]): string =>
      all
        .map(({ description, name }) => `'${description === '' ? name : `${name}:${description}`}'`)
        .join(' ');
    const options = place.options.flatMap(({ description, names: forms }) =>
      forms.map((name) => ({ name, description })),
    );
    return `    ${pattern(namesOf(place))}) entries=(${listed(names)}) options=(${listed(options)}) ;;`;
  });
  return `#compdef makai
# zsh completion for makai; made by \`makai completion zsh\`.
_makai() {
  local at=makai i
  local -a entries options
  for ((i = 2; i < CURRENT; i++)); do
    case "$at \${words[i]}" in
    ${pattern(commands)}) at="$at \${words[i]}" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  case "$at" in
${entries.join('\n')}
  esac
  if [[ \${words[CURRENT]} == -* ]]; then
    _describe -o option options
  elif (( \${#entries} > 0 )); then
    _describe command entries
  else
    _files
  fi
}
if [[ \${funcstack[1]} == _makai ]]; then _makai "$@"; else compdef _makai makai; fi
`;
}
