import { spawn } from 'node:child_process'

/** Writes the peak of the resident memory, in kB, to the fourth stream of the process when it ends; threads load it as well. */
const REPORT_PEAK = `
  import { writeSync } from 'node:fs'
  import { isMainThread } from 'node:worker_threads'
  if (isMainThread) process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))
`

/**
 * CPU (user and system, of the process and its children) and wall time of a command in milliseconds, as bash's `time`
 * says; what the command writes is thrown away.
 *
 * @throws Error when it does not end with 0
 */
export async function timeChild(command, args) {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1'
  const said = await collect('bash', ['-c', script, 'bash', command, ...args], 2)
  return readTimes(said)
}

/** Reads `1.234 0.900 0.100`: wall, user and system in seconds. */
export function readTimes(said) {
  const numbers = said.trim().split(/\s+/).map(Number)
  if (numbers.length !== 3 || numbers.some(Number.isNaN)) throw new Error(`need three times, have ${said.trim()}`)
  const [wall, user, system] = numbers
  return { wall: wall * 1000, cpu: (user + system) * 1000 }
}

/** Peak of the resident memory of a Node program, in bytes. */
export async function peakMemory(args) {
  const hook = `data:text/javascript,${encodeURIComponent(REPORT_PEAK)}`
  return Number(await collect(process.execPath, ['--import', hook, ...args], 3)) * 1024
}

/** What a program wrote to one of its streams. */
function collect(command, args, stream) {
  const stdio = ['ignore', 'ignore', stream === 2 ? 'pipe' : 'ignore', stream === 3 ? 'pipe' : 'ignore']
  const child = spawn(command, args, { stdio })
  let said = ''
  child.stdio[stream].setEncoding('utf8').on('data', (text) => {
    said += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(said)
      else reject(new Error(`${command} ended with ${code}: ${said.slice(-200)}`))
    })
  })
}
