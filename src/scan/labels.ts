import { DetectorError } from '../errors.ts'

/** What is known to be in one file: the truth that a scan is held against. */
export interface Label {
  /** Unique in its corpus. */
  readonly id: string
  /** Of the whole file, hexadecimal. */
  readonly sha256: string
  /** Where the file lies, from the corpus file; absent where it is looked up by its sha256. */
  readonly path?: string
  readonly components: readonly LabelledComponent[]
  /** Whether `components` names everything in the file. Without that, a claim that it lacks is neither right nor wrong. */
  readonly complete: boolean
  /** Components that may be reported without being right or wrong. */
  readonly allow: readonly string[]
  /** Groups of the evaluation; the kind `negative` is for files in which no foreign component is. */
  readonly kind: string
  readonly format: string
  readonly arch: string
  /** The source package that the file was built from, or the package that ships it. */
  readonly sourcePackage: string
  /** Id of the file that has the same content for the purpose of counting: this one is left out. */
  readonly duplicateOf?: string
}

/** A component that is known to be in a file. */
export interface LabelledComponent {
  readonly name: string
  /** Empty where the component is there and its version not known. A commit id counts as not known. */
  readonly version: string
  /** Other names that are as right: a fork that nobody tells from its origin. They carry no version. */
  readonly also: readonly string[]
}

/**
 * Reads the labels of a corpus: a list of files, or an object with the list as `files`, as
 * `bench/accuracy/corpora/corpus.schema.json` describes it. Unknown fields are left alone.
 *
 * @throws DetectorError `USAGE` naming the file and field at fault
 */
export function readLabels(corpus: unknown): Label[] {
  const files = Array.isArray(corpus) ? corpus : isRecord(corpus) ? corpus['files'] : undefined
  if (!Array.isArray(files)) throw fault('need a list of files, or an object with one as "files"')
  const labels = files.map((file, index) => readLabel(file, `file ${index}`))
  const ids = new Set<string>()
  for (const { id } of labels) {
    if (ids.has(id)) throw fault(`need ids that differ, have "${id}" twice`)
    ids.add(id)
  }
  for (const { id, duplicateOf } of labels)
    if (duplicateOf !== undefined && !ids.has(duplicateOf))
      throw fault(`need the id of another file as duplicate_of of "${id}", have "${duplicateOf}"`)
  return labels
}

function readLabel(file: unknown, place: string): Label {
  if (!isRecord(file)) throw fault(`need an object as ${place}`)
  const id = text(file, 'id', place)
  const sha256 = text(file, 'sha256', id)
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw fault(`need 64 lower-case hexadecimal digits as sha256 of "${id}"`)
  const { components, complete, path, duplicate_of: duplicateOf } = file
  if (!Array.isArray(components)) throw fault(`need a list as components of "${id}"`)
  if (typeof complete !== 'boolean') throw fault(`need true or false as complete of "${id}"`)
  return {
    id,
    sha256,
    ...(typeof path === 'string' ? { path } : {}),
    components: components.map((component: unknown) => readComponent(component, id)),
    complete,
    allow: texts(file, 'allow', id),
    kind: optionalText(file, 'kind'),
    format: optionalText(file, 'format'),
    arch: optionalText(file, 'arch'),
    sourcePackage: sourcePackageOf(file['source']) ?? id,
    ...(typeof duplicateOf === 'string' ? { duplicateOf } : {}),
  }
}

function readComponent(component: unknown, id: string): LabelledComponent {
  if (!isRecord(component)) throw fault(`need objects as components of "${id}"`)
  const name = text(component, 'name', `a component of ${id}`)
  return { name, version: optionalText(component, 'version'), also: texts(component, 'also', id) }
}

function sourcePackageOf(source: unknown): string | undefined {
  if (!isRecord(source)) return undefined
  return [source['source_package'], source['package']].find((name) => typeof name === 'string')
}

function text(record: Readonly<Record<string, unknown>>, field: string, place: string): string {
  const value = record[field]
  if (typeof value !== 'string' || value === '') throw fault(`need text as ${field} of "${place}"`)
  return value
}

function optionalText(record: Readonly<Record<string, unknown>>, field: string): string {
  const value = record[field]
  return typeof value === 'string' ? value : ''
}

function texts(record: Readonly<Record<string, unknown>>, field: string, id: string): string[] {
  const value = record[field] ?? []
  if (!Array.isArray(value) || value.some((item) => typeof item !== 'string'))
    throw fault(`need a list of texts as ${field} in "${id}"`)
  return value
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function fault(message: string): DetectorError {
  return new DetectorError('USAGE', `corpus: ${message}`)
}
