import { spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'

/** Enough of what a failed command said to tell why. */
const MESSAGE_CHARACTERS = 300

/**
 * Runs a command, without a shell, and returns what it wrote.
 *
 * @throws Error with the end of its error output when it fails
 */
export async function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output += text
  })
  await ended(command, child)
  return output
}

/**
 * Runs `first`, if there is one, into `second`, and writes what comes out to a file.
 *
 * `second` may stop reading before `first` is done (tar does, at its end mark): only its own failure counts.
 *
 * @throws Error when `second` fails
 */
export async function pipeToFile(first, second, path) {
  const [command, ...args] = second
  const child = spawn(command, args, { stdio: [first === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] })
  const feeding = Promise.allSettled(first === undefined ? [] : feed(first, child.stdin))
  const [written, finished] = await Promise.allSettled([
    pipeline(child.stdout, createWriteStream(path)),
    ended(command, child),
  ])
  await feeding
  const failed = [finished, written].filter(({ status }) => status === 'rejected')
  if (failed.length > 0) throw failed[0].reason
}

function feed([command, ...args], stdin) {
  const source = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  return [ended(command, source), pipeline(source.stdout, stdin)]
}

function ended(command, child) {
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    said = (said + text).slice(-MESSAGE_CHARACTERS)
  })
  return new Promise((resolve, reject) => {
    child.on('error', (cause) => reject(new Error(`${command} did not start: ${cause.message}`, { cause })))
    child.on('close', (code) => {
      if (code === 0) resolve(undefined)
      else reject(new Error(`${command} ended with ${code}: ${said.trim().replace(/\s+/g, ' ')}`))
    })
  })
}
