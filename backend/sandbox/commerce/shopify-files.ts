import { type Ask, json, type Reply } from '../base/exchange'
import type { SandboxApi, SandboxSettings } from '../base/source'
import type { Take } from './faults'
import type { BulkOperations } from './shopify-bulk'
import type { BulkOperation } from './shopify-bulk-operation'

/** Where it is mounted. */
export const FILES = '/shopify-files'

const TYPE = { 'content-type': 'application/jsonl', 'accept-ranges': 'bytes' }

/** The storage with the files of bulk operations, by signed addresses that need no token. */
export class ShopifyFiles implements SandboxApi {
  readonly name = 'shopify-files'
  readonly prefix = FILES
  /** Its address is in the answers. */
  readonly env?: never
  readonly limits = {}

  constructor(
    private readonly settings: SandboxSettings,
    private readonly bulk: BulkOperations,
  ) {}

  route(): string {
    return 'file'
  }

  police(): undefined {
    return undefined
  }

  answer(ask: Ask): Reply {
    const take: Take = (name) => this.settings.context.faults.take(name, this.name, ask)
    const id = Number(/^\/(\d+)\.jsonl$/.exec(ask.path)?.[1])
    const operation = this.bulk.fileOf(id, new URLSearchParams(ask.query).get('signature'))
    if (!operation || take('shopify-file-gone')) return json({ error: { code: 403, message: 'The signature is expired or wrong.' } }, 403)
    const { size } = operation
    const range = take('shopify-range-ignored') ? undefined : /^bytes=(\d+)-(\d*)$/.exec(ask.headers.range ?? '')
    if (!range) return contentOf(operation, 0, size, take, { status: 200, headers: TYPE })
    const from = Number(range[1])
    const to = Math.min(size, range[2] ? Number(range[2]) + 1 : size)
    if (from >= size || to <= from) return { status: 416, headers: { 'content-range': `bytes */${size}` }, body: '' }
    return contentOf(operation, from, to, take, { status: 206, headers: { ...TYPE, 'content-range': `bytes ${from}-${to - 1}/${size}` } })
  }

  reset(): void {
    this.bulk.reset()
  }
}

function contentOf({ file }: BulkOperation, from: number, to: number, take: Take, { status, headers }: Reply): Reply {
  const length = { 'content-length': String(to - from) }
  const isCut = take('shopify-file-cut')
  return { status, headers: { ...headers, ...length }, stream: isCut ? cut(file.read(from, to), (to - from) / 2) : file.read(from, to) }
}

/** So many bytes, then the connection ends. */
function* cut(pieces: Iterable<Uint8Array>, bytes: number): Generator<Uint8Array> {
  let left = Math.floor(bytes)
  for (const piece of pieces) {
    yield piece.subarray(0, left)
    left -= piece.length
    if (left <= 0) break
  }
  throw new Error('the file is cut, as a fault asks')
}
