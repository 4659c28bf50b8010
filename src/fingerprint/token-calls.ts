import type { Token } from './c-lexer.ts'

/**
 * Their parenthesised text is assembler, an annotation, or a message of debug builds. Releases are not built that way,
 * and text that is never there would make every unit look half missing.
 */
export const WITHOUT_TEXT: RegExp =
  /^(?:asm|__asm|__asm__|__attribute__|__attribute|__declspec|static_assert|_Static_assert|_Pragma|assert|Assert|Trace[cv]*|RAWLOG|(?:[A-Z0-9]+_)*(?:DEBUG|DBG|TRACE|ASSERT)[A-Z0-9_]*)$/

/** Index behind the name at `at` and the parenthesised text that follows it, if any. */
export function skipCall(tokens: readonly Token[], closing: Int32Array, at: number): number {
  let i = at + 1
  while (tokens[i]?.kind === 'i' && /^(?:__volatile__|volatile|__volatile|goto|inline)$/.test(tokens[i]?.text ?? ''))
    i++
  const close = i < tokens.length ? closing[i]! : -1
  return close < 0 ? at + 1 : close + 1
}

/** For each `(` the index of its `)`, -1 for every other token: found once, so that no text can make the search long. */
export function closingParentheses(tokens: readonly Token[]): Int32Array {
  const closing = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  tokens.forEach(({ kind, text }, i) => {
    if (kind !== 'p') return
    if (text === '(') open.push(i)
    else if (text === ')' && open.length > 0) closing[open.pop()!] = i
  })
  return closing
}
