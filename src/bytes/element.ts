/**
 * The element at an index that must be there.
 *
 * @throws TypeError where it is not: a defect of the program
 */
export function elementAt<T>(list: readonly T[], index: number): T {
  const element = list[index]
  if (element === undefined) throw new TypeError(`need element ${index} of a list, have ${list.length}`)
  return element
}
