import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { privateApt } from '../accuracy/apt.mjs'
import { run } from '../accuracy/command.mjs'

/** Downloads a suite's packages of several architectures and unpacks them, once each. */
export class SuitePackages {
  #directory
  #suites
  #apt

  /** `suites` are one distribution release with its updates. */
  constructor(directory, suites) {
    this.#directory = directory
    this.#suites = suites
    mkdirSync(directory, { recursive: true })
  }

  /** `{ version, root }` of the newest version that the suites have. Throws where there is none. */
  async unpack(name, arch) {
    const place = join(this.#directory, 'unpacked', this.#suites[0], `${name}_${arch}`)
    if (!existsSync(place)) await this.#fetch(name, arch, place)
    const [version] = readdirSync(place)
    return { version: decodeURIComponent(version), root: join(place, version) }
  }

  async #fetch(name, arch, place) {
    this.#apt ??= this.#open()
    const apt = await this.#apt
    const work = `${place}.part`
    rmSync(work, { recursive: true, force: true })
    mkdirSync(work, { recursive: true })
    await apt.downloadNewest(name, arch, work)
    const deb = readdirSync(work).find((file) => file.endsWith('.deb'))
    if (deb === undefined) throw new Error(`no package of ${name} came`)
    const version = (await run('dpkg-deb', ['--field', join(work, deb), 'Version'])).trim()
    const root = join(work, encodeURIComponent(version))
    await run('dpkg-deb', ['--extract', join(work, deb), root])
    rmSync(join(work, deb))
    renameSync(work, place)
  }

  async #open() {
    const architectures = ['amd64', 'i386', 'arm64', 'armhf']
    const apt = await privateApt(join(this.#directory, 'apt'), { suites: this.#suites, architectures })
    // A mirror may lack the list of one architecture's updates; what it has is read all the same.
    await apt.update().catch(() => undefined)
    return apt
  }
}

/** Where the archives of an unpacked package lie, by name. */
export function archivesIn(root) {
  const found = new Map()
  const visit = (directory) => {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      const path = join(directory, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.name.endsWith('.a') && !path.includes('i686-w64')) found.set(entry.name, path)
    }
  }
  visit(root)
  return found
}
