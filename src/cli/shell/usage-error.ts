import type { Command, CommanderError } from 'commander';
import { HairspringError } from '../../core/index.ts';

/** How commander says what a message of ours puts otherwise: its pattern, then message and perhaps hint. */
const WORDINGS: readonly (readonly [RegExp, string, string?])[] = [
  [/^Option ".*?(--[\w-]+)[^"]*" argument "(.*)" is invalid\. (.*)$/s, 'Cannot use "$2" for $1', '$3'],
  [
    /^Command-argument value "(.*)" is invalid for argument "(.*)"\. (.*)$/s,
    'Cannot use "$1" as the $2',
    '$3',
  ],
  [/^Option ".*?(--[\w-]+)[^"]*" argument missing$/, 'Missing value of $1'],
  [/^Too many arguments for "(.*?)"\. .* got \d+: (.*)$/s, 'Cannot take "$2": it is an argument too many'],
];

/** Commander's error in our form: what it suggests or allows becomes the hint. */
export function toUsageError(
  { message }: CommanderError,
  program: Command,
  args: readonly string[],
): HairspringError {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const text = (first.charAt(0).toUpperCase() + first.slice(1).replace(/\.$/, '')).replace(
    /'([^']*)'/g,
    '"$1"',
  );
  const suggestion = /\(Did you mean (.+)\?\)/.exec(more.join('\n'))?.[1];
  const seeHelp = `See \`${nameOf(commandIn(program, args))} --help\``;
  if (suggestion !== undefined)
    return new HairspringError('HS_USAGE', text, { hint: `Did you mean ${suggestion}?` });
  for (const [pattern, ours, hint] of WORDINGS) {
    if (!pattern.test(text)) continue;
    return new HairspringError('HS_USAGE', text.replace(pattern, ours), {
      hint: hint === undefined ? seeHelp : text.replace(pattern, hint),
    });
  }
  return new HairspringError('HS_USAGE', text, { hint: seeHelp });
}

/** The command that `args` name, as far as they name one. */
function commandIn(program: Command, args: readonly string[]): Command {
  let at = program;
  for (const arg of args) {
    at = at.commands.find((command) => command.name() === arg || command.aliases().includes(arg)) ?? at;
  }
  return at;
}

function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
