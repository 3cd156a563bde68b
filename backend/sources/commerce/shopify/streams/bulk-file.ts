import { RetryLater } from '../../../../base/errors'
import type { Io, Reject } from '../../../../contract'
import { isReject } from '../../reading'
import type { Account } from '../../store/accounts'
import { type BulkLine, countLines, readOrphans, stageLines } from '../../store/bulk'
import type { ShopifyBulk } from '../answers'
import { readLine } from '../bulk-lines'
import { type FilePart, GONE, readFile } from '../files'
import type { Bulk, BulkPage } from './bulk-cursor'
import { poll } from './bulk-run'
import { emptyBatch, shopOf } from './target'

/*
 * The file of an operation: its lines are kept as they come, each once, until all of them are there and are what Shopify counted.
 */

const NEWLINE = 10
/** Lines without a parent that are named. */
const MAX_NAMED = 100
/** No object has a line so long, bytes. */
const MAX_LINE = 64 * 1024 * 1024

interface Lines {
  texts: string[]
  /** Bytes that they take. */
  bytes: number
}

/** The complete lines of a part; with the end of the file, what comes after the last of them too. */
function linesIn({ bytes, range }: FilePart): Lines {
  const part = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const isEnd = range.total !== null && range.to + 1 >= range.total
  const end = isEnd ? part.length : part.lastIndexOf(NEWLINE) + 1
  const text = part.subarray(0, end).toString('utf8')
  const texts = text.split('\n')
  if (texts.at(-1) === '') texts.pop()
  return { texts, bytes: end }
}

export async function file(io: Io, account: Account, at: Bulk, { job }: { job: string }): Promise<BulkPage> {
  const batch = emptyBatch(job, account, at.list)
  const operation = await poll(io, account, at)
  const url = at.isPart ? operation?.partialDataUrl : operation?.url
  if (!url) return dropped(at, batch, 'bulk_lost', 'Shopify does not have the file of its bulk operation any more')
  const part = await read(io, account, at, url)
  if (part === GONE) return dropped(at, batch, 'bulk_lost', 'the address of the file of its bulk operation has expired')
  if (part instanceof RetryLater) return dropped(at, batch, part.kind, part.message)
  const { texts, bytes } = linesIn(part)
  const isEnd = part.range.total !== null && at.at + bytes >= part.range.total
  if (bytes === 0 && !isEnd) {
    if (at.chunk >= MAX_LINE) return dropped(at, batch, 'bulk_line', `a line of its file is longer than ${MAX_LINE} bytes`)
    return { batch, next: { ...at, chunk: at.chunk * 2 } }
  }
  const lines = texts.map((text, place) => readLine(text, at.line + place, `the file of ${at.operation}`))
  const kept = lines.filter((one): one is BulkLine => !isReject(one))
  return {
    batch: {
      ...batch,
      async also(tx) {
        await stageLines(tx, account.id, at.operation ?? '', kept)
        return 0
      },
    },
    // A part ends within a line, which says nothing.
    rejected: at.isPart && isEnd ? [] : lines.filter(isReject),
    next: { ...at, at: at.at + bytes, line: at.line + texts.length, phase: isEnd ? 'rows' : 'file' },
  }
}

/** Another operation is needed; first the lines of this one are deleted. */
const dropped = (at: Bulk, batch: BulkPage['batch'], kind: string, reason: string): BulkPage => ({
  batch,
  next: { ...at, phase: 'clean', fault: { kind, reason } },
})

/** @returns the error of an address that is not Shopify's: a new operation may have another one */
async function read(io: Io, account: Account, { at, chunk }: Bulk, url: string): Promise<FilePart | typeof GONE | RetryLater> {
  try {
    return await readFile(io, shopOf(account), url, { from: at, to: at + chunk - 1 })
  } catch (error) {
    if (error instanceof RetryLater && error.kind === 'file_host') return error
    throw error
  }
}

/** Why a file that was read to its end is not whole; undefined: it is. Lines whose parent is missing are named. */
export async function faultIn(
  io: Io,
  account: Account,
  at: Bulk,
  operation: ShopifyBulk,
): Promise<{ fault?: Bulk['fault']; orphans: Reject[] }> {
  const id = at.operation ?? ''
  const { lines, roots, orphans } = await countLines(io.held, account.id, id)
  const named = orphans === 0 ? [] : await readOrphans(io.held, account.id, id, MAX_NAMED)
  const counted = `Shopify counted ${operation.objectCount} objects, ${operation.rootObjectCount} of them ${at.list}`
  const isWhole = BigInt(lines) === operation.objectCount && BigInt(roots) === operation.rootObjectCount && orphans === 0
  const has = `has ${lines} lines that can be read, ${roots} of them ${at.list}, and ${orphans} that belong to none`
  return {
    ...(isWhole ? {} : { fault: { kind: 'count_mismatch', reason: `the file of its bulk operation ${has}; ${counted}` } }),
    orphans: named.map(({ line, parentId, content }) => ({
      key: `line ${line} of the file of ${id}`,
      reason: 'orphan_line',
      detail: `Its parent ${parentId} is not in the file.`,
      raw: content,
    })),
  }
}
