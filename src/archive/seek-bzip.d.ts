/** The part of seek-bzip 2.0.0 that binprint calls; the package ships no types. */
declare module 'seek-bzip' {
  export interface ByteInput {
    /** The next byte, or -1 at the end. */
    readByte(): number
    read(buffer: Uint8Array, offset: number, length: number): number
    eof(): boolean
  }
  export interface ByteOutput {
    writeByte(byte: number): void
    flush(): void
  }
  const bunzip: { decode(input: ByteInput, output: ByteOutput, multistream: boolean): unknown }
  // biome-ignore lint/style/noDefaultExport: this is how a CommonJS module appears to importers
  export default bunzip
}
