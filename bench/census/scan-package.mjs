/** Scans packages for `run.mjs`, as a process of its own: the paths come as messages, and what was found goes back. */
import { basename } from 'node:path'
import { factsOf } from './facts.mjs'

const load = (name) => import(new URL(`../../dist/${name}`, import.meta.url).href)
const { openDatabase, scanFile } = await load('index.js')
const { readDeb } = await load('archive/deb.js')
const { detectFormat } = await load('binary/detect.js')
const { fileSource, sliceSource } = await load('bytes/source.js')
const db = await openDatabase(process.argv[2] || undefined)
process.on('message', async (message) => {
  if (message === 'end') {
    await db.close()
    process.disconnect()
  } else process.send(await scanPackage(message))
})
process.send('ready')

async function scanPackage(path) {
  const before = process.cpuUsage()
  const found = { programs: 0, bytes: 0, files: [], unknowns: [] }
  const source = fileSource(path)
  try {
    const deb = await readDeb(source)
    try {
      for (const member of deb.members) if (member.type === 'file') await scanMember(deb.data, member, found)
    } finally {
      deb.close()
    }
  } catch (error) {
    if (error.code === undefined) throw error
    found.unknowns.push({ file: basename(path), code: error.code })
  } finally {
    source.close()
  }
  const { user, system } = process.cpuUsage(before)
  return { ...found, cpu: Math.round((user + system) / 1000) }
}

async function scanMember(data, { path, offset, size }, found) {
  const program = sliceSource(data, offset, size)
  if (detectFormat(program) !== 'elf') return
  found.programs++
  found.bytes += size
  const report = await scanFile(program.read(0, size), { db })
  for (const { code } of report.unknowns) found.unknowns.push({ file: path, code })
  const components = report.files.flatMap((file) => file.components.map(factsOf))
  if (components.length > 0) found.files.push({ path, components })
}
