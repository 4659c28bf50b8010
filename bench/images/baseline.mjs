/**
 * The least that a scan of an image costs, in one Node process: each layer is decompressed and its tar hashed, as a report
 * has to name it. `node bench/images/baseline.mjs LAYER...` prints the digests.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'

/** With Node's 16 KiB the passing on of chunks costs as much as decompressing. */
const CHUNK = 1 << 20

for (const path of process.argv.slice(2)) console.log(await diffId(path))

async function diffId(path) {
  const hash = createHash('sha256')
  const chunks = createReadStream(path, { highWaterMark: CHUNK })
  await pipeline(chunks, createGunzip({ chunkSize: CHUNK }), async (tar) => {
    for await (const chunk of tar) hash.update(chunk)
  })
  return `sha256:${hash.digest('hex')}`
}
