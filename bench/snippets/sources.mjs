import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { privateApt } from '../accuracy/apt.mjs'
import { run } from '../accuracy/command.mjs'

/**
 * Unpacks Debian source packages of some suites into `directory`, once; later calls use what is there. Each entry of
 * `suites` is a list, of which the first suite that can give the package counts: mirrors list packages whose files they do
 * not have yet, or no longer.
 *
 * Returns `{ trees, missing }`: a tree is `{ package, version, suite, choice, path }` with the place of its list in
 * `suites`, and `missing` says as sentences what no suite of a list gave. A version comes once.
 */
export async function unpackSources(directory, packages, suites) {
  const trees = []
  const missing = []
  const apt = once(() => openApt(join(directory, 'apt'), suites.flat()))
  for (const [choice, list] of suites.entries())
    for (const name of packages) {
      try {
        const { suite, place } = await firstOf(list, name, directory, apt)
        const [version] = readdirSync(place)
        if (!trees.some((tree) => tree.package === name && tree.version === version))
          trees.push({ package: name, version, suite, choice, path: join(place, version) })
      } catch (error) {
        missing.push(`${name} of ${list.join(' or ')}: ${withoutPlaces(error.message)}`)
      }
    }
  return { trees, missing }
}

async function firstOf(list, name, directory, apt) {
  let failure
  for (const suite of list) {
    const place = join(directory, suite, name)
    try {
      if (!existsSync(place)) await unpack(await apt(), name, suite, place)
      return { suite, place }
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function once(make) {
  let made
  return () => {
    made ??= make()
    return made
  }
}

/** A message without addresses and without the directories of this machine, for a result that is published. */
export function withoutPlaces(message) {
  return message
    .replace(/\bhttps?:\/\/\S*\//g, '')
    .replace(/ *\[IP: [^\]]*\]/g, '')
    .replace(/(?:\/[\w.+~@%-]+)+\//g, '')
}

async function openApt(directory, suites) {
  const apt = await privateApt(directory, { sourceSuites: suites, architectures: ['amd64'] })
  await apt.update()
  return apt
}

async function unpack(apt, name, suite, place) {
  const work = `${place}.part`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(work, { recursive: true })
  try {
    await apt.source(name, suite, work)
    const description = readdirSync(work).find((file) => file.endsWith('.dsc'))
    if (description === undefined) throw new Error('no .dsc came')
    const version = sourceVersion(description)
    await run('dpkg-source', ['--no-copy', '--no-check', '-x', description, version], { cwd: work })
    for (const file of readdirSync(work)) if (file !== version) rmSync(join(work, file))
    renameSync(work, place)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
}

/** The version in the name of a source package's description: `zlib_1.2.13.dfsg-1.dsc` has `1.2.13.dfsg-1`. */
export function sourceVersion(description) {
  return description.replace(/^[^_]*_/, '').replace(/\.dsc$/, '')
}
