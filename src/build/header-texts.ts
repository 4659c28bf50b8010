import { latin1 } from '../bytes/cursor.ts'
import type { Limits } from '../bytes/limits.ts'
import { extractLiteral } from '../fingerprint/extract.ts'
import { MacroTable } from '../fingerprint/macros.ts'
import { readSource } from '../fingerprint/source-c.ts'

/**
 * Collects the templates that the public headers of a release spell, as any program may that includes them: found in a
 * program they tell what it was compiled with, not what is in it.
 */
export class HeaderTexts {
  readonly #table: MacroTable
  readonly #names = new Set<string>()

  constructor(limits: Limits) {
    this.#table = new MacroTable(() => undefined, limits.macroExpansions)
  }

  add(bytes: Uint8Array): void {
    // Headers without a string spell nothing.
    if (!latin1(bytes).includes('"')) return
    for (const macro of readSource(bytes, { isHeader: true, isTemplate: false }).macros) {
      this.#table.add(macro)
      if (macro.parameters === undefined) this.#names.add(macro.name)
    }
  }

  /** Hashes of the templates of every macro that stands for text. */
  templates(): Set<bigint> {
    const hashes = new Set<bigint>()
    for (const name of this.#names)
      for (const { text } of this.#table.resolve([{ kind: 'i', text: name }], new Map()))
        extractLiteral(text, {
          string: () => undefined,
          template: ({ hash }) => hashes.add(hash),
          literal: () => undefined,
        })
    return hashes
  }
}
