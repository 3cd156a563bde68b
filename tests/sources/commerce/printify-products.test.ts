import type { Channel, User } from '../../../backend/sandbox/commerce/people'
import type { Product } from '../../../backend/sandbox/commerce/products'
import { PRINT_PROVIDERS } from '../../../backend/sandbox/commerce/products'
import { firstProductsCursor, printifyProducts } from '../../../backend/sources/commerce/printify/products'
import { readProduct } from '../../../backend/sources/commerce/printify/records'
import type { Account } from '../../../backend/sources/commerce/store/accounts'
import type { ProductRecord } from '../../../backend/sources/commerce/store/records'
import { type PrintifyWorld, printifyWorld } from '../../support/printify'

/* The products of a shop, read page by page at the sandbox and stored in a real database. */

let it_: PrintifyWorld
let shop: Account
beforeAll(async () => {
  it_ = await printifyWorld({ users: 1, ordersPerShop: 5, productsPerShop: 160 })
  shop = await it_.connect('etsy')
}, 120_000)
afterAll(() => it_?.close())
beforeEach(async () => {
  it_.sandbox.reset()
  await it_.db.query('truncate commerce.printify_products, backhaul.gates cascade')
})

const user = () => it_.world.users[0] as User
const providers = new Map(Object.entries(PRINT_PROVIDERS))
const truth = (channel: Channel = 'etsy') =>
  it_.printify.truth
    .products(user(), channel)
    .map((raw) => readProduct(JSON.parse(JSON.stringify(raw)), { currency: 'USD', providers }) as ProductRecord)
const read = (between?: (cursor: unknown, page: number) => unknown) => it_.read(printifyProducts, firstProductsCursor(shop.id), between)

const stored = () =>
  it_.db.query<{ id: string }>(
    `select platform_id as id, title, print_provider as "printProvider", print_provider_id as "printProviderId", external_id as "externalId",
            currency, variants, raw from commerce.printify_products where account_id = $1 and deleted_at is null order by 1`,
    [shop.id],
  )
const expected = () =>
  truth()
    .map(({ platformId: id, title, printProvider, printProviderId, externalId, currency, variants, raw }) => ({
      ...{ id, title, printProvider, printProviderId, externalId, currency, variants, raw },
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
const edit = (number: number, part: Partial<Product>) => it_.world.editProduct(user(), number, part)

test('a reading stores each product once, with its variants, costs and the name of its print provider', async () => {
  const found = await read()
  expect(await stored()).toEqual(expected())
  expect(found).toMatchObject({ new: 120, updated: 0, found: 120, rejected: 0, last: { next: null } })
  // 50 a page, page 1 again, and one request for all names.
  expect(it_.asked().map((line) => line.replace(/\?.*/, ''))).toEqual([
    '200 /catalog/print_providers.json',
    ...Array.from({ length: 4 }, () => `200 /shops/${shop.shopId}/products.json`),
  ])
  expect(found.pages[0]?.foreseen).toEqual([{ lane: `printify/${shop.shopId}`, stage: 3, expected: 120 }])
})

test('a second reading changes what changed, and marks as gone what the shop no longer has', async () => {
  await read()
  expect(await read()).toMatchObject({ new: 0, updated: 0, deleted: 0 })
  edit(0, { title: 'Another mug' })
  edit(1, { isPrinted: false })
  const found = await read()
  expect(found).toMatchObject({ new: 0, updated: 1, deleted: 1, last: { next: null } })
  expect(await stored()).toEqual(expected())
  edit(1, { isPrinted: true })
  expect(await read()).toMatchObject({ new: 0, updated: 1, deleted: 0 })
  expect(await stored()).toEqual(expected())
})

test('products that come and go while it reads cost none that stays', async () => {
  await read((_, page) => {
    if (page === 1) edit(0, { isPrinted: false })
    if (page === 2) for (const number of [3, 7, 11]) edit(number, { isPrinted: true })
  })
  expect(await stored()).toEqual(expected())
})

test('a list that does not add up fails, and nothing is taken for gone', async () => {
  await read()
  const real = it_.world.products.bind(it_.world)
  const list = jest.spyOn(it_.world, 'products')
  // The list shows one product twice, and another one not at all.
  list.mockImplementation((of) => real(of).map((product, n, all) => (n === 9 ? (all[1] as Product) : product)))
  const found = await read()
  list.mockRestore()
  expect(found.deleted).toBe(0)
  expect(found.last.failed).toMatchObject({
    kind: 'count_mismatch',
    reason: `Printify counts 120 products of shop ${shop.shopId}, but shows 119; they were read 3 times`,
  })
  expect(await stored()).toEqual(expected())
})

test('a list without a total is no proof, and nothing is taken for gone', async () => {
  await read()
  edit(1, { isPrinted: false })
  it_.sandbox.fault({ name: 'printify-bare-list' })
  const found = await read()
  expect([found.deleted, found.last.unverified]).toEqual([0, `Printify did not say how many products of shop ${shop.shopId} there are`])
})

test('a shop that shows nothing any more is no proof that all is gone', async () => {
  await read()
  const list = jest.spyOn(it_.world, 'products').mockReturnValue([])
  const found = await read()
  list.mockRestore()
  expect([found.deleted, found.last.unverified]).toEqual([0, expect.stringContaining('none was taken for gone')])
})

test('a product that cannot be read is rejected, and none is taken for gone', async () => {
  await read()
  it_.sandbox.fault({ name: 'printify-bad-order', match: 'products' })
  const found = await read()
  expect(found.rejected).toBeGreaterThan(0)
  expect([found.deleted, found.last.failed]).toEqual([0, undefined])
  expect(await stored()).toEqual(expected())
})
