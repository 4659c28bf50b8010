import { debuglog } from 'node:util'
import { DetectorError } from '../errors.ts'
import { escapeText } from '../report/escape.ts'
import { asksForHelp, type Command, usage } from './args.ts'
import { bench } from './commands/bench.ts'
import { dbBuild } from './commands/db-build.ts'
import { dbAdd, dbMerge, dbRemove } from './commands/db-edit.ts'
import { dbExport, dbImport, dbUpdate } from './commands/db-move.ts'
import { dbDiff, dbInfo, dbVerify } from './commands/db-read.ts'
import { explain } from './commands/explain.ts'
import { find } from './commands/find.ts'
import { index } from './commands/index.ts'
import { scan } from './commands/scan.ts'
import type { Context } from './context.ts'
import { ExitCode, errorExitCode } from './gate.ts'
import { commandHelp, generalHelp } from './help.ts'

/** In the order of the help. */
export const COMMANDS: readonly Command[] = [
  ...[scan, explain, find, index],
  ...[dbBuild, dbAdd, dbRemove, dbVerify, dbInfo, dbDiff, dbMerge, dbExport, dbImport, dbUpdate],
  bench,
]
const debug = debuglog('binprint')

/**
 * Runs the command line `args` (without node and script) and returns the exit code. Never throws: whatever goes wrong
 * becomes one line on stderr.
 */
export async function run(args: readonly string[], context: Context): Promise<ExitCode> {
  try {
    return await dispatch(args, context)
  } catch (error) {
    debug('%O', error)
    await context.stderr.write(`binprint: ${errorLine(error)}\n`)
    return error instanceof DetectorError ? errorExitCode(error) : ExitCode.couldNotScan
  }
}

async function dispatch(args: readonly string[], context: Context): Promise<ExitCode> {
  const [first] = args
  if (first === '--version') return await print(`binprint ${context.version}\n`, context)
  if (first === '--help' || first === '-h') return await print(generalHelp(COMMANDS), context)
  const found = findCommand(args)
  if (found === undefined) {
    if (asksForHelp(args)) return await print(generalHelp(COMMANDS), context)
    throw unknownCommand(args)
  }
  if (asksForHelp(found.rest)) return await print(commandHelp(found.command), context)
  return await found.command.run(found.rest, context)
}

async function print(text: string, context: Context): Promise<ExitCode> {
  await context.stdout.write(text)
  return ExitCode.clean
}

function findCommand(args: readonly string[]): { command: Command; rest: readonly string[] } | undefined {
  for (const command of COMMANDS) {
    const words = command.name.split(' ')
    if (words.every((word, i) => args[i] === word)) return { command, rest: args.slice(words.length) }
  }
  return undefined
}

function unknownCommand([first, second]: readonly string[]): DetectorError {
  if (first === undefined) return usage('a command is needed; see binprint --help')
  const siblings = COMMANDS.map(({ name }) => name.split(' ')).filter(([group]) => group === first)
  if (siblings.length === 0) return usage(`unknown command "${first}"; see binprint --help`)
  const words = siblings.map(([, word]) => word).join(', ')
  return usage(`${first} needs one of ${words}${second === undefined ? '' : `, have "${second}"`}; see binprint --help`)
}

/** What went wrong, on one line. */
export function errorLine(error: unknown): string {
  if (error instanceof DetectorError) return escapeText(error.message)
  const message = error instanceof Error ? error.message : String(error)
  return escapeText(`unexpected: ${message} (NODE_DEBUG=binprint shows where)`)
}
