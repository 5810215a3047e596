import { namesOf, type Place } from './tree.js';

/** Completion for fish, with descriptions. */
export function fishCompletion(places: readonly Place[]): string {
  const lines = places.flatMap((place) =>
    namesOf(place).flatMap((path) => {
      const start = `complete -c makai -n '__makai_at "${path}"'`;
      const described = (description: string): string => (description === '' ? '' : ` -d '${description}'`);
      const names = [...place.children, ...place.choices.map((name) => ({ name, description: '' }))];
      return [
        ...names.map(({ description, name }) => `${start} -f -a ${name}${described(description)}`),
        ...place.options.map(({ choices, description, names: forms, takesValue }) => {
          const flags = forms.map((name) =>
            name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`,
          );
          const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
          return `${start} ${flags.join(' ')}${value}${described(description)}`;
        }),
      ];
    }),
  );
  return `# fish completion for makai; made by \`makai completion fish\`.
set -g __makai_commands ${places
    .slice(1)
    .flatMap(namesOf)
    .map((path) => `'${path}'`)
    .join(' ')}
function __makai_at
    set -l at makai
    set -l words (commandline -opc)
    set -e words[1]
    for word in $words
        if contains -- "$at $word" $__makai_commands
            set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}
