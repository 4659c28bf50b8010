import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasProgram } from '../fixtures/compile.ts'
import { runDirectory } from '../fixtures/run-directory.ts'

/** What `scripts/make-images.sh` says of its images; paths in an image have no `/` at the start. */
export interface Images {
  readonly small: boolean
  readonly base: {
    readonly bytes: number
    readonly files: number
    readonly elfFiles: number
    readonly tarBytes: number
  }
  readonly app: {
    readonly program: { readonly path: string; readonly hardlink: string; readonly symlink: string }
    readonly replaced: { readonly paths: readonly string[]; readonly with: string }
    readonly deleted: readonly string[]
    readonly opaque: { readonly path: string; readonly hidden: readonly string[]; readonly visible: readonly string[] }
    readonly archives: readonly string[]
  }
  /** The layers of `app`, lowest first; `gzip` is the digest of the blob where layers are compressed so. */
  readonly layers: readonly {
    readonly diffId: string
    readonly createdBy: string
    readonly gzip: string
    readonly gzipBytes: number
  }[]
  /** `app` in all transports and compressions, by the name of the file or directory. */
  readonly references: Readonly<Record<string, string>>
  readonly twoPlatforms: string
  readonly flat: { readonly tar: string; readonly directory: string }
  readonly baseReferences: readonly string[]
}

/** Whether the small images can be made here: tests that need them are skipped where a tool is missing. */
export const hasImageTools: boolean =
  ['umoci', 'skopeo', 'jq', 'zstd', 'zip', 'dpkg-deb', 'gcc', 'perl'].every(hasProgram) &&
  existsSync('/usr/include/zlib.h') &&
  existsSync('/usr/include/expat.h')

const script = fileURLToPath(new URL('../../scripts/make-images.sh', import.meta.url))

/**
 * The small images and the directory they lie in, which their references are relative to. They are made once in a run of
 * the tests, in ten to twenty seconds; test files that come meanwhile wait.
 */
export function smallImages(): { directory: string; images: Images } {
  const directory = join(runDirectory(), 'images')
  execFileSync(script, [directory, '--small'], { stdio: 'pipe' })
  return { directory, images: JSON.parse(readFileSync(join(directory, 'images.json'), 'utf8')) as Images }
}

/** A reference of `images.json` with the place of the images in it. */
export function located(directory: string, reference: string): string {
  const colon = reference.indexOf(':') + 1
  return reference.slice(0, colon) + join(directory, reference.slice(colon))
}

/** The small images in a registry on loopback, until `stop` is called: `acme/app` with tags, `acme/base`, `acme/multi`. */
export function serveSmallImages(port: number): { stop: () => void } {
  const { directory } = smallImages()
  execFileSync(script, [directory, '--small', '--registry', String(port)], { stdio: 'pipe' })
  return { stop: () => void execFileSync(script, [directory, '--stop'], { stdio: 'pipe' }) }
}

/** A port of loopback that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}
