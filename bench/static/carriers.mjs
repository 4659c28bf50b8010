import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../accuracy/command.mjs'

/**
 * Source packages that carry a copy of another project's code, with the folders of these copies. librdkafka keeps lz4 among
 * its own files.
 */
export const CARRIERS = [
  { package: 'binutils', folders: ['zlib'] },
  { package: 'cmake', folders: ['Utilities/cmzlib', 'Utilities/cmexpat'] },
  { package: 'coin3', folders: ['src/xml/expat'] },
  { package: 'gdb', folders: ['zlib'] },
  { package: 'librdkafka', folders: [] },
  { package: 'perl', folders: ['cpan/Compress-Raw-Zlib/zlib-src'] },
  { package: 'python3.11', folders: ['Modules/expat'] },
  { package: 'rsync', folders: ['zlib'] },
  { package: 'sudo', folders: ['lib/zlib'] },
  { package: 'tcl8.6', folders: ['compat/zlib'] },
]

/** What the copies are of. */
export const CARRIED = ['expat', 'lz4', 'zlib']

const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/**
 * Indexes the carriers into a database as components of their own. `renamed`: their folders of copies have names that tell
 * nothing, so that no path says whose the code is.
 */
export async function addCarriers(database, { trees, renamed, work, upstreamVersion }) {
  for (const tree of trees) {
    const { folders } = CARRIERS.find((carrier) => carrier.package === tree.package)
    let path = tree.path
    if (renamed) {
      path = join(work, tree.package)
      rmSync(path, { recursive: true, force: true })
      mkdirSync(dirname(path), { recursive: true })
      cpSync(tree.path, path, { recursive: true, verbatimSymlinks: true })
      // Debian's patches keep whole copies of what they change.
      rmSync(join(path, '.pc'), { recursive: true, force: true })
      folders.forEach((folder, i) => {
        const from = join(path, folder)
        if (!existsSync(from)) throw new Error(`${tree.package} has no ${folder}`)
        renameSync(from, join(dirname(from), `parts${i}`))
      })
    }
    const release = upstreamVersion(tree.version)
    const names = ['--component', tree.package, '--release', release, '--prints', join(database, 'prints')]
    await run(process.execPath, [COMMAND, 'index', path, ...names])
    if (renamed) rmSync(path, { recursive: true, force: true })
  }
}
