import { spawn } from 'node:child_process'
import { usage } from './args.ts'

/** What a tool may print about one file; a report with full evidence of a large program is a few megabytes. */
const MAX_OUTPUT_BYTES = 64 << 20
/** Enough of its error output to tell why it failed. */
const SAID_CHARACTERS = 200
const FILE_PLACE = '{file}'

/**
 * Splits a command line into words at white space; single and double quotes keep words together. There is no shell:
 * nothing else is special. `{file}` must stand in one of the words.
 *
 * @throws DetectorError `USAGE`
 */
export function commandWords(line: string): readonly string[] {
  const words: string[] = []
  let word: string | undefined
  let quote = ''
  for (const character of line) {
    if (quote !== '') {
      if (character === quote) quote = ''
      else word = (word ?? '') + character
    } else if (character === '"' || character === "'") {
      quote = character
      word ??= ''
    } else if (/\s/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
    } else word = (word ?? '') + character
  }
  if (quote !== '') throw usage(`--tool needs its quotes closed, have ${line}`)
  if (word !== undefined) words.push(word)
  if (!words.slice(1).some((each) => each.includes(FILE_PLACE)))
    throw usage(`--tool needs a command and ${FILE_PLACE} where the file's path goes, have "${line}"`)
  return words
}

/**
 * Runs the command on one file and returns what it wrote to its standard output.
 *
 * @throws Error when it cannot be started, fails, or writes too much; the signal's reason when that fires
 */
export async function runTool(words: readonly string[], file: string, signal: AbortSignal): Promise<string> {
  const [command = '', ...args] = words.map((word) => word.replaceAll(FILE_PLACE, file))
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], signal })
  const chunks: Buffer[] = []
  let size = 0
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= MAX_OUTPUT_BYTES) chunks.push(chunk)
    else child.kill()
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-SAID_CHARACTERS)
  })
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, killedBy) => {
      if (size > MAX_OUTPUT_BYTES) reject(new Error(`${command} wrote more than ${MAX_OUTPUT_BYTES} bytes`))
      else if (code === 0) resolve(Buffer.concat(chunks).toString('utf8'))
      else reject(new Error(`${command} ended with ${code ?? killedBy}: ${said.trim()}`))
    })
  })
}
