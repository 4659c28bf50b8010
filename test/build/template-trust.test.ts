import { describe, expect, test } from 'vitest'
import { trustedTemplates } from '../../src/build/template-trust.ts'
import { hashText } from '../../src/bytes/hash.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { sourceReleases } from './component.ts'

/** A component with one template: `agree` of the releases that `have` it capture their own version. */
function learned(name: string, have: number, agree: number, text = 'libfoo {V}'): ComponentPrints {
  const builder = new PrintsBuilder(name, sourceReleases(...Array.from({ length: 40 }, (_, i) => `1.${i}`)))
  const unit = builder.internUnit('version.c', false)
  const hash = builder.internHash(hashText(text))
  for (let release = 0; release < have; release++)
    builder.addTemplate(hash, unit, release, {
      agrees: release < agree,
      selfNaming: true,
      head: false,
      headerOnly: false,
    })
  return builder.finish()
}

/** How many templates of each component are trusted. */
function trusted(
  all: ComponentPrints[],
  setting: { families?: number[]; vendored?: number[]; background?: ComponentPrints } = {},
): number[] {
  const { families = [...all.keys()], vendored = all.map(() => 0), background } = setting
  const flags = vendored.map((flag) => Uint8Array.of(flag))
  return trustedTemplates(all, families, flags, background?.templates ?? []).map((templates) => templates.length)
}

describe('a template is trusted', () => {
  test.each([
    [1, 1, false],
    [2, 2, true],
    [2, 1, false],
    [3, 3, true],
    [3, 2, false],
    [10, 9, true],
    [10, 8, false],
    [40, 36, true],
    [40, 35, false],
  ])('of %d releases that have it %d agree: %s', (have, agree, expected) => {
    expect(trusted([learned('foo', have, agree)])).toEqual([expected ? 1 : 0])
  })

  test('unless its unit is a copy of another component', () => {
    expect(trusted([learned('foo', 5, 5)], { vendored: [1] })).toEqual([0])
  })

  test('unless the background has it', () => {
    expect(trusted([learned('foo', 5, 5)], { background: learned('background', 1, 0) })).toEqual([0])
  })

  test('in the family that learned it from the most releases, and in no other', () => {
    expect(trusted([learned('foo', 5, 5), learned('bar', 9, 9)])).toEqual([0, 1])
  })

  test('in all members of a family', () => {
    expect(trusted([learned('foo', 5, 5), learned('fork', 9, 9)], { families: [0, 0] })).toEqual([1, 1])
  })

  test('in two families when it is not the same template', () => {
    expect(trusted([learned('foo', 5, 5), learned('bar', 9, 9, 'libbar {V}')])).toEqual([1, 1])
  })
})
