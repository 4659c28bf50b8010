import type { Section, UnwindTable } from './program.ts'

/** With the name cut to 8 bytes, as PE images without a string table have it. */
const EH_FRAME_NAME = /^\.eh_fram(e)?$/

/** The `.eh_frame` sections of a program, whatever its format. */
export function ehFrameSections(sections: readonly Section[]): UnwindTable[] {
  return sections.flatMap(({ name, address, offset, size }, section): UnwindTable[] =>
    size > 0 && EH_FRAME_NAME.test(name) ? [{ layout: 'eh_frame', section, address, offset, size }] : [],
  )
}

/** The `.pdata` sections of a COFF object: one for all, or one for each function. */
export function pdataSections(sections: readonly Section[]): UnwindTable[] {
  return sections.flatMap(({ name, address, offset, size }, section): UnwindTable[] =>
    size > 0 && /^\.pdata(\$|$)/.test(name) ? [{ layout: 'pdata', section, address, offset, size }] : [],
  )
}
