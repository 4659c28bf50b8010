import { join } from 'node:path'
import type { Limits } from '../bytes/limits.ts'
import { checkLimit } from '../bytes/limits.ts'
import { type ByteSource, fileSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import type { NamedFiles } from './archive-files.ts'
import { type ContentStore, checkContent, type Descriptor, isDigest, startDigest, wrongSize } from './content.ts'
import { readDescriptor, readDocument } from './manifest.ts'

/** The files of a directory. Names come from digests and are checked before they get here. */
export function directoryFiles(directory: string): NamedFiles {
  return {
    place: directory,
    open(path) {
      try {
        return fileSource(join(directory, path))
      } catch (error) {
        if (error instanceof DetectorError && error.code === 'INPUT_NOT_FOUND') return undefined
        throw error
      }
    },
    close: () => undefined,
  }
}

/** Whether the files are an OCI image layout. */
export function isOciLayout(files: NamedFiles): boolean {
  const source = files.open('oci-layout')
  source?.close()
  return source !== undefined
}

/**
 * The content of an OCI image layout. Small content is compared with its digest when it is read; of layers only the size is: whoever
 * unpacks them hashes them anyway, and no byte need be read twice.
 *
 * @see OCI image specification, image-layout.md
 */
export function layoutStore(files: NamedFiles, limits: Limits): ContentStore {
  return {
    async read(descriptor) {
      const source = openBlob(files, descriptor)
      try {
        checkLimit(limits, 'manifestBytes', source.size, { path: files.place })
        const bytes = source.read(0, source.size)
        checkContent(bytes, descriptor, files.place)
        return bytes
      } finally {
        source.close()
      }
    },
    open: async (descriptor) => openBlob(files, descriptor),
    close: async () => files.close(),
  }
}

/** What `index.json` lists, each with the name that was given to it, if any. */
export function layoutRoots(
  files: NamedFiles,
  limits: Limits,
): { readonly bytes: Uint8Array; readonly descriptors: readonly NamedDescriptor[] } {
  const source = files.open('index.json')
  if (source === undefined)
    throw new DetectorError('FORMAT_CORRUPT', `need index.json in the OCI layout ${files.place}, have none`, {
      locus: { path: files.place },
    })
  try {
    checkLimit(limits, 'manifestBytes', source.size, { path: files.place })
    const bytes = source.read(0, source.size)
    return { bytes, descriptors: readIndex(bytes, files.place) }
  } finally {
    source.close()
  }
}

export interface NamedDescriptor extends Descriptor {
  readonly name: string | null
}

const NAME = 'org.opencontainers.image.ref.name'

function readIndex(bytes: Uint8Array, place: string): NamedDescriptor[] {
  const index = readDocument(bytes, `index.json of ${place}`)
  return index.objects('manifests').map((entry) => {
    const annotations = entry.has('annotations') ? entry.object('annotations') : undefined
    return { ...readDescriptor(entry), name: annotations?.has(NAME) === true ? annotations.text(NAME) : null }
  })
}

function openBlob(files: NamedFiles, descriptor: Descriptor): ByteSource {
  const { digest, size } = descriptor
  if (!isDigest(digest)) startDigest(digest)
  const path = `blobs/${digest.replace(':', '/')}`
  const source = files.open(path)
  if (source === undefined)
    throw new DetectorError(
      'IMAGE_NOT_FOUND',
      `need ${path} in ${files.place}, have no such file: copy the image again`,
      { locus: { path: files.place } },
    )
  if (source.size === size) return source
  source.close()
  throw wrongSize(descriptor, source.size, files.place)
}
