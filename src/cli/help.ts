import type { Command, Option } from './args.ts'

const EXIT_CODES = 'Exit codes: 0 clean, 1 a gate failed, 2 usage, 3 could not scan'
const HELP_OPTION: readonly [string, string] = ['--help', 'show this help']

/** The help of binprint as a whole: its commands. */
export function generalHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ name, summary }): readonly [string, string] => [name, summary])
  return [
    'binprint finds open-source components and their versions inside compiled programs',
    '',
    'Usage: binprint COMMAND [OPTION...] [ARGUMENT...]',
    '',
    'Commands:',
    ...columns(rows),
    '',
    'Options:',
    ...columns([HELP_OPTION, ['--version', 'show the version']]),
    '',
    'binprint COMMAND --help tells more.',
    EXIT_CODES,
    '',
  ].join('\n')
}

/** The help of one command, from its own table of options. */
export function commandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]): readonly [string, string] => [
    optionUsage(name, option),
    option.help,
  ])
  const operands = command.operands.usage === '' ? '' : ` ${command.operands.usage}`
  return [
    command.summary,
    '',
    `Usage: binprint ${command.name}${operands} [OPTION...]`,
    ...(command.details === undefined ? [] : ['', command.details]),
    '',
    'Options:',
    ...columns([...rows, HELP_OPTION]),
    '',
    EXIT_CODES,
    '',
  ].join('\n')
}

function optionUsage(name: string, { placeholder }: Option<unknown>): string {
  return placeholder === undefined ? `--${name}` : `--${name} ${placeholder}`
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const widest = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(widest)}  ${right}`)
}
