import { readFileSync } from 'node:fs'

/** What the compiled module exports. Numbers are addresses and bytes of its memory unless said otherwise. */
export interface KernelExports {
  readonly memory: WebAssembly.Memory
  readonly heapStart: WebAssembly.Global
  xxh64(at: number, length: number): bigint
}

/**
 * Instantiates the kernel. It is compiled anew for each call; callers keep one per thread.
 *
 * The module has no imports, so that it can do nothing but compute on its own memory.
 */
export function instantiateKernel(): KernelExports {
  const module = new WebAssembly.Module(readFileSync(new URL('./kernel.wasm', import.meta.url)))
  return new WebAssembly.Instance(module).exports as unknown as KernelExports
}
