import type { Io } from '../../../backend/contract'
import { readSnapshot } from '../../../backend/sources/tf2/client'
import { readInventory } from '../../../backend/sources/tf2/inventory'

/* What is concluded from an answer, without a network. */

const answering = (...bodies: unknown[]): Io => {
  const request = async () => ({ status: 200, data: bodies.shift() })
  return { http: () => ({ request }) } as unknown as Io
}

describe('a snapshot', () => {
  const snapshot = (sku: string) => answering({ appid: 440, sku, createdAt: Math.floor(Date.now() / 1000) })

  test('may have spaces around its name', async () => {
    expect(await readSnapshot(snapshot(' Strange Bat '), 'Strange Bat')).toMatchObject({ listings: undefined })
  })

  test.each(['Strange  Bat', 'strange bat', 'Bat', ''])('is of another item: %p', async (sku) => {
    await expect(readSnapshot(snapshot(sku), 'Strange Bat')).rejects.toThrow('is of another item')
  })
})

test('a snapshot of another app proves nothing', async () => {
  const other = answering({ appid: 730, sku: 'Strange Bat', createdAt: Math.floor(Date.now() / 1000) })
  await expect(readSnapshot(other, 'Strange Bat')).rejects.toThrow('the snapshot of Strange Bat is of app 730')
})

describe('an inventory', () => {
  const SELLER = '76561198000000001'
  const describes = (instanceid: string) => ({
    classid: '7',
    instanceid,
    actions: [{ link: 'http://wiki.teamfortress.com/scripts/itemredirect.php?id=190' }],
    tags: [{ category: 'Quality', internal_name: 'strange' }],
  })
  const assets = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, n) => ({ assetid: String(from + n), classid: '7', instanceid: '0' }))

  test('of more than 1,000 items comes in two pages, whose assets share what describes them', async () => {
    const descriptions = [describes('0')]
    const io = answering(
      { success: 1, assets: assets(1, 1001), descriptions, more_items: 1, last_assetid: '1000', total_inventory_count: 1003 },
      { success: 1, assets: assets(1001, 1004), descriptions, total_inventory_count: 1003 },
    )
    const first = await readInventory(io, SELLER)
    expect(first).toMatchObject({ after: '1000' })
    const whole = await readInventory(io, SELLER, first as never)
    expect(whole).not.toHaveProperty('after')
    expect((whole as { items: unknown[] }).items).toHaveLength(1003)
  })

  test('is unknown where an item lacks its description or items are missing; null is an error', async () => {
    expect(await readInventory(answering({ assets: assets(1, 2), descriptions: [describes('5')] }), SELLER)).toHaveProperty('unknown')
    expect(await readInventory(answering({ success: 1, total_inventory_count: 6 }), SELLER)).toHaveProperty('unknown')
    await expect(readInventory(answering(null), SELLER)).rejects.toThrow('Steam gives no inventory')
  })
})
