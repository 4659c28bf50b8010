import { execFileSync } from 'node:child_process'
import { existsSync, lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasProgram } from '../fixtures/compile.ts'
import { freePort, hasImageTools, type Images, located, serveSmallImages, smallImages } from './images.ts'

describe.skipIf(!hasImageTools)('the small images', () => {
  let directory = ''
  let images: Images
  beforeAll(() => {
    const made = smallImages()
    directory = made.directory
    images = made.images
  })

  test('have the same layers in every transport and compression', () => {
    const expected = images.layers.map(({ diffId }) => diffId)
    expect(expected).toHaveLength(6)
    // What `docker load` reads compressed as a whole, skopeo does not.
    for (const reference of Object.values(images.references).filter((name) => !name.endsWith('.gz'))) {
      // skopeo's word for a directory is `oci`.
      const source = located(directory, reference).replace(/^oci-dir:/, 'oci:')
      const config = execFileSync('skopeo', ['inspect', '--config', '--raw', source], { encoding: 'utf8' })
      expect(JSON.parse(config).rootfs.diff_ids, reference).toEqual(expected)
    }
  })

  test('have in the final view what the layers left', () => {
    const { app, flat } = images
    const root = join(directory, flat.directory)
    const there = (path: string) => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined
    expect([...app.deleted, ...app.opaque.hidden].filter(there)).toEqual([])
    const { program, replaced, opaque, archives } = app
    const visible = [...Object.values(program), ...replaced.paths, ...opaque.visible, ...archives]
    expect(visible.filter((path) => !there(path))).toEqual([])
    expect(lstatSync(join(root, program.path)).ino).toBe(lstatSync(join(root, program.hardlink)).ino)
  })

  test('say gzip of plain tars in one layout', () => {
    const manifest = readManifest(join(directory, 'oci-mislabelled'))
    expect(manifest.layers.map(({ mediaType }) => mediaType.slice(-9))).toEqual(images.layers.map(() => '.tar+gzip'))
    expect(manifest.layers.map(({ digest }) => digest)).toEqual(images.layers.map(({ diffId }) => diffId))
  })

  test.skipIf(!hasProgram('docker-registry') || !hasProgram('curl'))('can be served, and are gone after', async () => {
    const port = await freePort()
    const registry = serveSmallImages(port)
    try {
      const listed = await fetch(`http://127.0.0.1:${port}/v2/acme/app/tags/list`)
      const { tags } = (await listed.json()) as { tags: string[] }
      expect(tags.sort()).toEqual(['1.1', '1.2', '1.3', '1.4', '1.5', 'docker', 'latest', 'zstd'])
    } finally {
      registry.stop()
    }
    expect(existsSync(join(directory, 'registry.pid'))).toBe(false)
    await expect(fetch(`http://127.0.0.1:${port}/v2/`)).rejects.toThrow()
  })
})

function readManifest(layout: string): { layers: { mediaType: string; digest: string }[] } {
  const json = (path: string) => JSON.parse(readFileSync(join(layout, path), 'utf8'))
  const { digest } = json('index.json').manifests[0] as { digest: string }
  return json(join('blobs', digest.replace(':', '/')))
}
