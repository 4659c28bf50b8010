import type { Arch } from '../model.ts'

/** The names of ELF machines that do not depend on class or byte order. */
const ELF_NAMES: Readonly<Record<number, string>> = {
  2: 'sparc',
  3: 'i386',
  4: 'm68k',
  15: 'hppa',
  18: 'sparc',
  20: 'ppc',
  40: 'arm',
  42: 'sh',
  43: 'sparc64',
  50: 'ia64',
  62: 'x86_64',
  83: 'avr',
  92: 'or1k',
  93: 'arc',
  94: 'xtensa',
  183: 'aarch64',
  189: 'microblaze',
  195: 'arc',
  247: 'bpf',
  252: 'csky',
  36902: 'alpha',
}

/**
 * Names the instruction set of an ELF file; `unknown-<e_machine>` where we have no name.
 *
 * @see System V gABI, ch. 4 "Machine"; include/elf/common.h of GNU binutils for the newer numbers
 */
export function elfArch(machine: number, bits: 32 | 64, littleEndian: boolean): Arch {
  if (machine === 8) return `mips${bits === 64 ? '64' : ''}${littleEndian ? 'el' : ''}`
  if (machine === 21) return littleEndian ? 'ppc64le' : 'ppc64'
  if (machine === 22) return bits === 64 ? 's390x' : 's390'
  if (machine === 243) return `riscv${bits}`
  if (machine === 258) return `loongarch${bits}`
  return ELF_NAMES[machine] ?? `unknown-${machine}`
}

const COFF_NAMES: Readonly<Record<number, string>> = {
  332: 'i386',
  448: 'arm',
  450: 'arm',
  452: 'arm',
  512: 'ia64',
  20530: 'riscv32',
  20580: 'riscv64',
  25188: 'loongarch64',
  34404: 'x86_64',
  43620: 'aarch64',
}

/**
 * Names the instruction set of a PE or COFF file; `unknown-<Machine>` where we have no name.
 *
 * @see Microsoft PE Format, "Machine Types"
 */
export function coffArch(machine: number): Arch {
  return COFF_NAMES[machine] ?? `unknown-${machine}`
}

/** Whether a COFF object of this machine may be met; the only magic such an object has. */
export function isCoffMachine(machine: number): boolean {
  return COFF_NAMES[machine] !== undefined
}
