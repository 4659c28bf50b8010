/**
 * The part of the WebAssembly API that the kernel needs. TypeScript declares it in `lib.dom` only, whose other names are not
 * there on Node.
 */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array)
  }
  class Instance {
    constructor(module: Module, imports?: Readonly<Record<string, Readonly<Record<string, unknown>>>>)
    readonly exports: Readonly<Record<string, unknown>>
  }
  class Memory {
    readonly buffer: ArrayBuffer
    /** Adds pages of 64 KiB; earlier views of {@link buffer} are detached. */
    grow(pages: number): number
  }
  class Global {
    value: number
  }
}
