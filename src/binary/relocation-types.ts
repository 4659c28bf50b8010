/**
 * What each relocation type of each machine changes, as tables: numbers and widths as the processor supplements of
 * System V, "ELF for the Arm (64-bit) Architecture" and the Microsoft PE Format list them.
 */

/** What the linker will write, as far as it matters to who compares code. */
export const RelocationKind = {
  /** A whole address, or one relative to the image base. */
  Absolute: 1,
  /** A distance from the place itself. COFF for x86 has no other kind for calls and jumps. */
  PcRelative: 2,
  /** The distance of a call, perhaps through a stub; on x86 of a jump to another object too. */
  Call: 3,
  /** An address or distance of the global offset table or of an entry in it. */
  Got: 4,
  /** As `Got`, and the linker may write another instruction, which needs no entry. */
  GotRelaxable: 5,
  /** A place of a thread-local variable; the linker may write other instructions. */
  Tls: 6,
  /** The distance of a page of 4 KiB, as `adrp` takes it. */
  Page: 7,
  /** The place within a page: the other half of a `Page`. */
  PageOffset: 8,
  /** The distance of a jump. */
  Branch: 9,
  Other: 10,
} as const
export type RelocationKind = (typeof RelocationKind)[keyof typeof RelocationKind]

/** Types first to last (inclusive) have this kind and change this many bytes. */
type Row = readonly [first: number, last: number, kind: RelocationKind, bytes: number]

const K = RelocationKind

const ELF_X86_64: readonly Row[] = [
  [1, 1, K.Absolute, 8],
  [2, 2, K.PcRelative, 4],
  [3, 3, K.Got, 4],
  [4, 4, K.Call, 4],
  [5, 5, K.Other, 8],
  [6, 7, K.Got, 8],
  [8, 8, K.Absolute, 8],
  [9, 9, K.Got, 4],
  [10, 11, K.Absolute, 4],
  [12, 12, K.Absolute, 2],
  [13, 13, K.PcRelative, 2],
  [14, 14, K.Absolute, 1],
  [15, 15, K.PcRelative, 1],
  [16, 18, K.Tls, 8],
  [19, 23, K.Tls, 4],
  [24, 24, K.PcRelative, 8],
  [25, 25, K.Got, 8],
  [26, 26, K.Got, 4],
  [27, 31, K.Got, 8],
  [32, 32, K.Other, 4],
  [33, 33, K.Other, 8],
  [34, 34, K.Tls, 4],
  // Marks the call instruction of two bytes that a linker may replace; no field of it.
  [35, 35, K.Tls, 2],
  [36, 36, K.Tls, 8],
  [37, 37, K.Absolute, 8],
  [41, 43, K.GotRelaxable, 4],
  [44, 50, K.Tls, 4],
]

const ELF_I386: readonly Row[] = [
  [1, 1, K.Absolute, 4],
  [2, 2, K.PcRelative, 4],
  [3, 3, K.Got, 4],
  [4, 4, K.Call, 4],
  [5, 5, K.Other, 4],
  [6, 7, K.Got, 4],
  [8, 8, K.Absolute, 4],
  [9, 10, K.Got, 4],
  [11, 11, K.Call, 4],
  [14, 19, K.Tls, 4],
  [20, 20, K.Absolute, 2],
  [21, 21, K.PcRelative, 2],
  [22, 22, K.Absolute, 1],
  [23, 23, K.PcRelative, 1],
  [24, 37, K.Tls, 4],
  [38, 38, K.Other, 4],
  [39, 39, K.Tls, 4],
  [40, 40, K.Tls, 2],
  [41, 41, K.Tls, 4],
  [43, 43, K.GotRelaxable, 4],
]

const ELF_AARCH64: readonly Row[] = [
  [257, 257, K.Absolute, 8],
  [258, 258, K.Absolute, 4],
  [259, 259, K.Absolute, 2],
  [260, 260, K.PcRelative, 8],
  [261, 261, K.PcRelative, 4],
  [262, 262, K.PcRelative, 2],
  [263, 272, K.Absolute, 4],
  [273, 274, K.PcRelative, 4],
  [275, 276, K.Page, 4],
  [277, 278, K.PageOffset, 4],
  [279, 282, K.Branch, 4],
  [283, 283, K.Call, 4],
  [284, 286, K.PageOffset, 4],
  [287, 293, K.PcRelative, 4],
  [299, 299, K.PageOffset, 4],
  [300, 306, K.Got, 4],
  [307, 307, K.Got, 8],
  [308, 310, K.Got, 4],
  [311, 312, K.GotRelaxable, 4],
  [313, 313, K.Got, 4],
  [314, 314, K.Call, 4],
  [315, 315, K.Got, 4],
  [512, 573, K.Tls, 4],
  [1024, 1032, K.Other, 8],
]

const ELF_ARM: readonly Row[] = [
  [1, 1, K.Call, 4],
  [2, 2, K.Absolute, 4],
  [3, 4, K.PcRelative, 4],
  [5, 5, K.Absolute, 2],
  [6, 6, K.Absolute, 4],
  [7, 7, K.Absolute, 2],
  [8, 8, K.Absolute, 1],
  [9, 9, K.Other, 4],
  [10, 10, K.Call, 4],
  [11, 11, K.PcRelative, 2],
  [13, 13, K.Tls, 4],
  [17, 19, K.Tls, 4],
  [21, 22, K.Got, 4],
  [23, 23, K.Absolute, 4],
  [24, 26, K.Got, 4],
  [27, 28, K.Call, 4],
  [29, 30, K.Branch, 4],
  [38, 38, K.Absolute, 4],
  [41, 41, K.Got, 4],
  [42, 42, K.PcRelative, 4],
  [43, 44, K.Absolute, 4],
  [45, 46, K.PcRelative, 4],
  [47, 48, K.Absolute, 4],
  [49, 50, K.PcRelative, 4],
  [51, 51, K.Branch, 4],
  [52, 52, K.Branch, 2],
  [53, 54, K.PcRelative, 4],
  [55, 55, K.Absolute, 4],
  [56, 83, K.PcRelative, 4],
  [90, 93, K.Tls, 4],
  [94, 94, K.Absolute, 4],
  [95, 98, K.Got, 4],
  [102, 103, K.Branch, 2],
  [104, 111, K.Tls, 4],
  [129, 129, K.Tls, 2],
  [130, 131, K.Tls, 4],
  [132, 135, K.Absolute, 2],
]

const COFF_X86_64: readonly Row[] = [
  [1, 1, K.Absolute, 8],
  [2, 3, K.Absolute, 4],
  [4, 9, K.PcRelative, 4],
  [10, 10, K.Other, 2],
  [11, 11, K.Other, 4],
  [12, 12, K.Other, 1],
]

const COFF_I386: readonly Row[] = [
  [1, 1, K.Absolute, 2],
  [2, 2, K.PcRelative, 2],
  [6, 7, K.Absolute, 4],
  [9, 10, K.Other, 2],
  [11, 12, K.Other, 4],
  [13, 13, K.Other, 1],
  [20, 20, K.PcRelative, 4],
]

const COFF_ARM64: readonly Row[] = [
  [1, 2, K.Absolute, 4],
  [3, 3, K.Call, 4],
  [4, 4, K.Page, 4],
  [5, 5, K.PcRelative, 4],
  [6, 7, K.PageOffset, 4],
  [8, 12, K.Other, 4],
  [13, 13, K.Other, 2],
  [14, 14, K.Absolute, 8],
  [15, 16, K.Branch, 4],
  [17, 17, K.PcRelative, 4],
]

const MACHINES: Readonly<Record<string, readonly Row[]>> = {
  'elf x86_64': ELF_X86_64,
  'elf i386': ELF_I386,
  'elf aarch64': ELF_AARCH64,
  'elf arm': ELF_ARM,
  'pe x86_64': COFF_X86_64,
  'pe i386': COFF_I386,
  'pe aarch64': COFF_ARM64,
}

/** Types that change nothing: padding, and marks for the linker. */
const NOTHING: Readonly<Record<string, readonly number[]>> = {
  // Virtual table marks for the collection of unused sections.
  'elf x86_64': [0, 250, 251],
  'elf i386': [0, 250, 251],
  'elf aarch64': [0, 256],
  // `V4BX` marks a `bx` that only linkers for ARMv4 replace.
  'elf arm': [0, 40, 100, 101],
}
/** Wide enough for most fields of types and machines without a row. */
const UNKNOWN_BYTES = 4

/** Kind and width of a relocation; undefined for types that change no byte. */
export type RelocationTypes = (type: number) => { readonly kind: RelocationKind; readonly bytes: number } | undefined

/** The relocation types of a format and architecture. What has no row is `Other` and taken as 4 bytes wide. */
export function relocationTypes(format: 'elf' | 'pe', arch: string): RelocationTypes {
  const machine = `${format} ${arch}`
  const known = new Map<number, { readonly kind: RelocationKind; readonly bytes: number }>()
  for (const [first, last, kind, bytes] of MACHINES[machine] ?? [])
    for (let type = first; type <= last; type++) known.set(type, { kind, bytes })
  const nothing = new Set(NOTHING[machine] ?? [0])
  const other = { kind: RelocationKind.Other, bytes: UNKNOWN_BYTES }
  return (type) => known.get(type) ?? (nothing.has(type) ? undefined : other)
}
