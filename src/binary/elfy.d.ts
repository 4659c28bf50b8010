/** The part of elfy 1.0.0 that binprint calls; the package ships no types. */
declare module 'elfy' {
  export interface ElfyHeader {
    class: string
    endian: string
    type: string | undefined
    phoff: number
    shoff: number
    phentsize: number
    phnum: number
    shentsize: number
    shnum: number
    shstrndx: number
  }
  export interface ElfyProgram {
    type: string | undefined
    offset: number
    vaddr: number
    filesz: number
    memsz: number
    flags: Record<string, boolean>
    align: number
  }
  export class Parser {
    /** Sets the byte order that the other one reads with. */
    parseHeader(buffer: Buffer): ElfyHeader
    parsePrograms(buffer: Buffer, header: ElfyHeader): ElfyProgram[]
  }
  const elfy: {
    Parser: typeof Parser
  }
  // biome-ignore lint/style/noDefaultExport: this is how a CommonJS module appears to importers
  export default elfy
}
