/** Bytes of a relocation by layout and word size. System V gABI, ch. 4 "Relocation". */
export const ELF_RELOCATION_BYTES = { rel: { 32: 8, 64: 16 }, rela: { 32: 12, 64: 24 } } as const

/** Bytes of a COFF relocation. Microsoft PE Format, "COFF Relocations (Object Only)". */
export const COFF_RELOCATION_BYTES = 10
