import { createHash, type KeyObject, sign } from 'node:crypto'
import { createWriteStream, readFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { databaseFiles, requireDatabase } from '../database/database-files.ts'
import { DATABASE_FORMAT, readDescriptor } from '../database/descriptor.ts'
import { throwIfAborted } from '../errors.ts'
import { type BundleFile, type BundleManifest, MANIFEST, SIGNATURE } from './bundle.ts'

/** What a database without `database.json` is called in a bundle. */
const UNNAMED = { format: DATABASE_FORMAT, name: 'unnamed', sequence: 0 }

/** Writes the files of a database into one, signed where there is a private key. */
export async function writeBundle(
  directory: string,
  path: string,
  options: { readonly key?: KeyObject; readonly signal?: AbortSignal } = {},
): Promise<BundleManifest> {
  requireDatabase(directory)
  const descriptor = readDescriptor(directory) ?? UNNAMED
  const files = databaseFiles(directory).map((file) => describeFile(directory, file))
  const manifest = { ...descriptor, files }
  const text = Buffer.from(`${JSON.stringify(manifest, undefined, 1)}\n`)
  const archive = pack()
  const partial = `${path}.${process.pid}.partial`
  const written = pipeline(archive, createWriteStream(partial))
  const put = (name: string, bytes: Uint8Array): void => {
    archive.entry({ name, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }, Buffer.from(bytes))
  }
  try {
    put(MANIFEST, text)
    if (options.key !== undefined) put(SIGNATURE, sign(null, text, options.key))
    for (const { path: file } of files) {
      throwIfAborted(options.signal)
      put(file, readFileSync(join(directory, file)))
    }
    archive.finalize()
    await written
    await rename(partial, path)
  } catch (error) {
    archive.destroy()
    await written.catch(() => undefined)
    await rm(partial, { force: true })
    throw error
  }
  return manifest
}

function describeFile(directory: string, path: string): BundleFile {
  const bytes = readFileSync(join(directory, path))
  return { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}
