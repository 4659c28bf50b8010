import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { compareCodeUnits } from '../versions/token.ts'
import type { FileRecord } from './schema.ts'
import { corrupt, finished, readAfter, TextsAfter, writeAfter } from './text-coding.ts'

const SHA256_BYTES = 32

/**
 * Characters of all names of a component together, some fifty times what the largest have: each name may repeat nearly all
 * of the one before, so a damaged file of megabytes could otherwise unfold to gigabytes.
 */
const MAX_NAME_CHARACTERS = 1 << 28

/** Longest build-id stored: GNU's have 20 bytes, and linkers take any that is given to them. */
export const MAX_BUILD_ID_BYTES = 64

/** The section `files`: of each its release as a difference, name and architecture, build-id behind its length, sha256. */
export function encodeFiles(files: readonly FileRecord[]): Uint8Array {
  const writer = new VarintWriter()
  writer.number(files.length)
  let before: FileRecord | undefined
  for (const file of files) {
    writer.number(file.release - (before?.release ?? 0))
    writeAfter(writer, before?.name ?? '', file.name)
    writeAfter(writer, before?.arch ?? '', file.arch)
    const buildId = Buffer.from(file.buildId ?? '', 'hex')
    writer.number(buildId.length)
    writer.raw(buildId)
    writer.raw(Buffer.from(file.sha256, 'hex'))
    before = file
  }
  return writer.finish()
}

/** @throws DetectorError `STORE_CORRUPT` */
export function decodeFiles(bytes: Uint8Array, releases: number): FileRecord[] {
  const reader = new VarintReader(bytes)
  const files: FileRecord[] = []
  const count = reader.number()
  let release = 0
  let name = ''
  let arch = ''
  for (let i = 0; i < count; i++) {
    release += reader.number()
    if (release >= releases) throw corrupt(`file ${i} is of release ${release} of ${releases}`)
    name = readAfter(reader, name)
    arch = readAfter(reader, arch)
    const length = reader.number()
    if (length > MAX_BUILD_ID_BYTES) throw corrupt(`build-id of ${length} bytes`)
    const buildId = length === 0 ? null : Buffer.from(reader.raw(length)).toString('hex')
    const sha256 = Buffer.from(reader.raw(SHA256_BYTES)).toString('hex')
    files.push({ sha256, buildId, arch, release, name })
  }
  return finished(reader, files)
}

/** The order in which files are stored. */
export function compareFiles(a: FileRecord, b: FileRecord): number {
  return a.release - b.release || compareCodeUnits(a.name, b.name) || compareCodeUnits(a.sha256, b.sha256)
}

/** The section `functionNames`: ascending, so that each shares much with the one before. */
export function encodeNames(names: readonly string[]): Uint8Array {
  const writer = new VarintWriter()
  writer.number(names.length)
  let before = ''
  for (const name of names) {
    writeAfter(writer, before, name)
    before = name
  }
  return writer.finish()
}

/** @throws DetectorError `STORE_CORRUPT`, also when names do not ascend: repeated ones would unfold without end */
export function decodeNames(bytes: Uint8Array): string[] {
  const reader = new VarintReader(bytes)
  const names: string[] = []
  const count = reader.number()
  const texts = new TextsAfter()
  let name = ''
  let characters = 0
  for (let i = 0; i < count; i++) {
    const next = texts.next(reader)
    if (next <= name) throw corrupt(`function name ${i} does not follow the one before`)
    characters += next.length
    if (characters > MAX_NAME_CHARACTERS) throw corrupt(`function names of over ${MAX_NAME_CHARACTERS} characters`)
    names.push(next)
    name = next
  }
  return finished(reader, names)
}
