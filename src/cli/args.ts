import { parseArgs } from 'node:util'
import { DetectorError } from '../errors.ts'
import type { Context } from './context.ts'
import type { ExitCode } from './gate.ts'

/** One option of a command: what its help says, and how its text becomes a value. */
export interface Option<T> {
  /** What stands for the value in the help: `DIR`. Undefined for a flag, which takes none. */
  readonly placeholder: string | undefined
  readonly help: string
  /**
   * Turns the text into the value; `flag` is the option as the user knows it, for the message.
   *
   * @throws DetectorError `USAGE`
   */
  read(value: string, flag: string): T
}

// biome-ignore lint/suspicious/noExplicitAny: a table holds options of every value type
export type Options = Readonly<Record<string, Option<any>>>

/** The values of the options that were given. */
export type Values<O extends Options> = { readonly [K in keyof O]?: O[K] extends Option<infer T> ? T : never }

/** What stands on the command line beside the options. */
export interface Operands {
  /** As in the usage line: `FILE...|DIR`. */
  readonly usage: string
  readonly min: number
  readonly max: number
}

export interface CommandDefinition<O extends Options> {
  /** One word, or two: `db build`. */
  readonly name: string
  /** One line without a full stop. */
  readonly summary: string
  /** Further paragraphs of the help. */
  readonly details?: string
  readonly operands: Operands
  /** By long name, in the order of the help. */
  readonly options: O
  run(values: Values<O>, operands: readonly string[], context: Context): Promise<ExitCode>
}

/** A command with the types of its options forgotten, so that commands of all kinds stand in one table. */
export interface Command extends Omit<CommandDefinition<Options>, 'run'> {
  /** @throws DetectorError `USAGE` when the arguments do not fit the command */
  run(args: readonly string[], context: Context): Promise<ExitCode>
}

export function defineCommand<O extends Options>(definition: CommandDefinition<O>): Command {
  return {
    ...definition,
    run: async (args, context) => {
      const { values, operands } = readArguments(definition, args)
      return await definition.run(values, operands, context)
    },
  }
}

/**
 * Reads the arguments after the command's name. `--` ends the options.
 *
 * @throws DetectorError `USAGE` naming the argument at fault
 */
export function readArguments<O extends Options>(
  { name, options, operands: expected }: Pick<CommandDefinition<O>, 'name' | 'options' | 'operands'>,
  args: readonly string[],
): { readonly values: Values<O>; readonly operands: readonly string[] } {
  const values = new Map<string, unknown>()
  const operands: string[] = []
  for (const token of tokenize(options, args)) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined
    if (option === undefined) throw usage(`unknown option ${token.rawName}; see binprint ${name} --help`)
    if (values.has(token.name)) throw usage(`${token.rawName} is given twice`)
    values.set(token.name, option.read(textOf(option, token), token.rawName))
  }
  if (operands.length < expected.min) throw usage(`${name} needs ${expected.usage}; see binprint ${name} --help`)
  if (operands.length > expected.max)
    throw usage(`${name} does not take "${operands[expected.max]}"; see binprint ${name} --help`)
  return { values: Object.fromEntries(values) as Values<O>, operands }
}

/** Whether `--help` or `-h` stands among the arguments, other arguments right or wrong. */
export function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return (end === -1 ? args : args.slice(0, end)).some((argument) => argument === '--help' || argument === '-h')
}

/** An option that takes no value. */
export function flag(help: string): Option<true> {
  return { placeholder: undefined, help, read: () => true }
}

export function text(placeholder: string, help: string): Option<string> {
  return {
    placeholder,
    help,
    read(value, flag) {
      if (value === '') throw usage(`${flag} needs a value, have an empty one`)
      return value
    },
  }
}

export function choice<const T extends string>(placeholder: string, choices: readonly T[], help: string): Option<T> {
  return {
    placeholder,
    help,
    read(value, flag) {
      const found = choices.find((candidate) => candidate === value)
      if (found === undefined) throw usage(`${flag} needs ${choices.join(' or ')}, have "${value}"`)
      return found
    },
  }
}

/** A decimal number within the inclusive range. */
export function number(
  placeholder: string,
  range: { readonly min: number; readonly max: number; readonly integer?: boolean },
  help: string,
): Option<number> {
  const noun = range.integer === true ? 'a whole number' : 'a number'
  return {
    placeholder,
    help,
    read(value, flag) {
      const parsed = /^\d*\.?\d+$/.test(value) ? Number(value) : Number.NaN
      const fits = parsed >= range.min && parsed <= range.max && (range.integer !== true || Number.isInteger(parsed))
      if (!fits) throw usage(`${flag} needs ${noun} from ${range.min} to ${range.max}, have "${value}"`)
      return parsed
    },
  }
}

/** A JavaScript regular expression. */
export function pattern(placeholder: string, help: string): Option<RegExp> {
  return {
    placeholder,
    help,
    read(value, flag) {
      try {
        return new RegExp(value, 'u')
      } catch (cause) {
        throw new DetectorError('USAGE', `${flag} needs a regular expression: ${(cause as Error).message}`, { cause })
      }
    },
  }
}

export function usage(message: string): DetectorError {
  return new DetectorError('USAGE', message)
}

type Token = NonNullable<ReturnType<typeof parseArgs>['tokens']>[number]
type OptionToken = Extract<Token, { kind: 'option' }>

/** Splits without judging: the messages of a strict parse run over several sentences. */
function tokenize(options: Options, args: readonly string[]): readonly Token[] {
  const config = Object.fromEntries(
    Object.entries(options).map(([name, { placeholder }]) => [
      name,
      { type: placeholder === undefined ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  return parseArgs({ args: [...args], options: config, strict: false, allowPositionals: true, tokens: true }).tokens
}

function textOf(option: Option<unknown>, { value, rawName, inlineValue }: OptionToken): string {
  if (option.placeholder === undefined) {
    if (value !== undefined) throw usage(`${rawName} takes no value, have "${value}"`)
    return ''
  }
  if (value === undefined) throw usage(`${rawName} needs ${option.placeholder}`)
  if (inlineValue !== true && value.startsWith('-') && value !== '-')
    throw usage(`${rawName} needs ${option.placeholder}; write ${rawName}=${value} if "${value}" is meant`)
  return value
}
