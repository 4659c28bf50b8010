import { bytesSource } from '../../src/bytes/source.ts'
import { scanData } from '../../src/fingerprint/kernel/data.ts'
import { kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { PrintFlag } from '../../src/fingerprint/print-set.ts'
import { readCandidate, type StringSink } from '../../src/fingerprint/strings.ts'
import { scanStrings } from './string-oracle.ts'

/** What a scan finds, as text that a failing test can show, in the order of the data. */
export interface Found {
  /** `hash offset length`, then `label` where it is one. */
  readonly strings: string[]
  /** `hash offset length version`, then `naming` and `head` where they hold. */
  readonly templates: string[]
  /** `version offset`. */
  readonly literals: string[]
  /** `name offset length`. */
  readonly types: string[]
}

/** Scans the bytes with the kernel; `windowBytes` are read at once. */
export function scan(data: Uint8Array | string, base = 0, windowBytes?: number): Found {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
  return collect((sink) => {
    const range = { source: bytesSource(bytes), offset: 0, size: bytes.length, address: 0, base }
    scanData(kernel(), windowBytes === undefined ? range : { ...range, windowBytes }, {
      strings: ({ count, high, low, offsets, lengths, flags }) => {
        for (let i = 0; i < count; i++) {
          const hash = (BigInt(high[i]!) << 32n) | BigInt(low[i]!)
          sink.string(hash, offsets[i]!, lengths[i]!, flags[i] === PrintFlag.Label)
        }
      },
      candidate: (candidate) => readCandidate(candidate, sink),
    })
  })
}

/** What the kernel must find, by the oracle. */
export function expected(bytes: Uint8Array, base = 0): Found {
  return collect((sink) => scanStrings(bytes, base, sink))
}

function collect(work: (sink: Required<StringSink>) => void): Found {
  const found: Found = { strings: [], templates: [], literals: [], types: [] }
  work({
    string: (hash, offset, length, isLabel) =>
      found.strings.push(`${hash} ${offset} ${length}${isLabel ? ' label' : ''}`),
    template: ({ hash, version, selfNaming, head }, offset, length) =>
      found.templates.push(
        `${hash} ${offset} ${length} ${version}${selfNaming ? ' naming' : ''}${head ? ' head' : ''}`,
      ),
    literal: (version, offset) => found.literals.push(`${version} ${offset}`),
    typeName: (name, offset, length) => found.types.push(`${name} ${offset} ${length}`),
  })
  // The kernel may tell bytes and UTF-16 that lie side by side in either order.
  for (const list of [found.strings, found.templates, found.literals, found.types])
    list.sort((a, b) => offsetOf(a) - offsetOf(b))
  return found
}

function offsetOf(line: string): number {
  return Number(line.split(' ')[1])
}

/** The strings alone, as `offset length`. */
export function places(found: Found): string[] {
  return found.strings.map((line) => line.split(' ').slice(1, 3).join(' '))
}
