import type { Lexicons } from '@atproto/lexicon'

/*
 * @atproto/lexicon checks the form of a blob only; `accept` and `maxSize` are checked here.
 */

type Node = { type: string; [key: string]: unknown }

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

/** The first blob of a record that its lexicon does not allow, in words. @param value fits the lexicon otherwise */
export function faultOfBlobs(lexicons: Lexicons, definition: object, value: unknown, path: string): string | undefined {
  const node = definition as Node
  const check = (inner: object | undefined, part: unknown, at: string) =>
    inner === undefined ? undefined : faultOfBlobs(lexicons, inner, part, at)
  switch (node.type) {
    case 'blob':
      return faultOfBlob(node, value, path)
    case 'object':
      return isObject(value) && isObject(node.properties)
        ? first(Object.entries(node.properties), ([name, inner]) =>
            Object.hasOwn(value, name) ? check(inner as object, value[name], `${path}/${name}`) : undefined,
          )
        : undefined
    case 'array':
      return Array.isArray(value)
        ? first([...value.entries()], ([at, part]) => check(node.items as object, part, `${path}/${at}`))
        : undefined
    case 'ref':
      return check(lexicons.getDef(String(node.ref)), value, path)
    case 'union':
      return check(chosen(lexicons, node, value), value, path)
    default:
      return undefined
  }
}

function first<T>(all: readonly T[], fault: (one: T) => string | undefined): string | undefined {
  for (const one of all) {
    const found = fault(one)
    if (found !== undefined) return found
  }
  return undefined
}

const plain = (ref: string): string => ref.replace(/^lex:/, '').replace(/#main$/, '')

/** The definition of a union that a value names; one that is open holds others to nothing. */
function chosen(lexicons: Lexicons, { refs }: Node, value: unknown): object | undefined {
  const type = isObject(value) && typeof value.$type === 'string' ? plain(value.$type) : undefined
  const ref = (refs as string[]).find((one) => plain(one) === type)
  return ref === undefined ? undefined : lexicons.getDef(ref)
}

function faultOfBlob({ accept, maxSize }: Node, value: unknown, path: string): string | undefined {
  const { mimeType, size } = isObject(value) ? value : {}
  if (Array.isArray(accept) && !accept.some((pattern) => isOfType(String(mimeType), String(pattern))))
    return `${path} must be ${accept.join(' or ')}, and is ${JSON.stringify(String(mimeType).slice(0, 100))}`
  // A blob of the oldest form has no size.
  if (typeof maxSize === 'number' && typeof size === 'number' && size > maxSize)
    return `${path} must have at most ${maxSize} bytes, and has ${size}`
  return undefined
}

/** @param pattern `image/png`, `image/*` or any */
function isOfType(mimeType: string, pattern: string): boolean {
  const type = mimeType.split(';')[0]?.trim().toLowerCase() ?? ''
  const wanted = pattern.trim().toLowerCase()
  if (wanted === '*/*' || wanted === '*') return true
  return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted
}
