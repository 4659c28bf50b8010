import { DEFAULT_LIMITS } from '../bytes/limits.ts'
import { detectImage } from '../image/open-image.ts'
import { parseImageReference } from '../image/reference.ts'

/** As the function of this name in `scanning.ts`. */
export async function imageOf(text: string): Promise<string | undefined> {
  if (parseImageReference(text) !== undefined) return text
  const found = await detectImage(text, DEFAULT_LIMITS, undefined)
  return found === undefined ? undefined : `${found.transport}:${found.location}`
}
