import { normalName, readTable, Unreadable } from '../../../backend/sources/toastmasters/csv'

/* Files as the dashboards write them, and everything that only resembles them. */

const HEADER = '"District","Club Number","Club Name"'
const ROWS = ['"42","00003045","Let\'s Talk & Co #1  "', '"42","00000038","A ""quoted"" one, with a comma"']
const FOOTER = 'Month of Jun, As of 07/10/2024'
const file = (lines: string[], end = '\r\n') => lines.map((line) => line + end).join('')
const WHOLE = file([HEADER, ...ROWS, FOOTER])
const footer = { month: 6, asOf: '2024-07-10' }

describe('a file', () => {
  it('is read by the names of its columns', () => {
    expect(readTable(WHOLE)).toEqual({
      columns: ['district', 'club number', 'club name'],
      rows: [
        { district: '42', 'club number': '00003045', 'club name': "Let's Talk & Co #1  " },
        { district: '42', 'club number': '00000038', 'club name': 'A "quoted" one, with a comma' },
      ],
      footer,
    })
  })

  it.each([
    ['a byte order mark', `\uFEFF${WHOLE}`],
    ['blank lines before it', `\r\n\r\n${WHOLE}`],
    ['blank lines of another kind before it', `\n\n${WHOLE}`],
    ['blank lines and spaces before it', `  \r\n\t\r\n${WHOLE}`],
    ['blank lines behind it', `${WHOLE}\r\n\r\n`],
    ['line feeds', file([HEADER, ...ROWS, FOOTER], '\n')],
    ['carriage returns', file([HEADER, ...ROWS, FOOTER], '\r')],
    ['mixed line ends', `${HEADER}\n${ROWS[0]}\r\n${ROWS[1]}\n${FOOTER}`],
    ['no last line end', WHOLE.trimEnd()],
    ['a full month name', file([HEADER, ...ROWS, 'Month of June, As of 07/10/2024'])],
    ['a date without zeros', file([HEADER, ...ROWS, 'Month of Jun, As of 7/10/2024'])],
    ['a quoted footer', file([HEADER, ...ROWS, `"${FOOTER}"`])],
    ['a footer of two quoted cells', file([HEADER, ...ROWS, '"Month of Jun"," As of 07/10/2024"'])],
    ['a footer that fills a row', file([HEADER, ...ROWS, `"${FOOTER}","",""`])],
    ['a footer in other case', file([HEADER, ...ROWS, 'MONTH OF JUN., AS OF 07/10/2024'])],
  ])('may have %s', (_, text) => {
    const table = readTable(text)
    expect(table.footer).toEqual(footer)
    expect(table.rows).toEqual(readTable(WHOLE).rows)
  })

  it('may lack its footer, or its rows', () => {
    expect(readTable(file([HEADER, ...ROWS])).footer).toBeUndefined()
    expect(readTable(file([HEADER, FOOTER]))).toEqual({ columns: ['district', 'club number', 'club name'], rows: [], footer })
    expect(readTable(file([HEADER]))).toEqual({ columns: ['district', 'club number', 'club name'], rows: [] })
  })

  it('keeps double spaces and what is no ASCII', () => {
    const [row] = readTable(file([HEADER, '"U","1","Toastmasters  Zürich 東京"'])).rows
    expect(row?.['club name']).toBe('Toastmasters  Zürich 東京')
  })
})

describe('what is no file', () => {
  it.each([
    ['nothing', '', 'it is empty'],
    ['blank lines', '\r\n\r\n  \r\n', 'it is empty'],
    ['a footer alone', file([FOOTER]), 'it has no header'],
    ['a NUL', WHOLE.replace('Talk', 'Ta\0lk'), 'it has a NUL character'],
    ['a row with too many cells', file([HEADER, '"42","1","A","B"', FOOTER]), 'expect 3, got 4 on line 2'],
    ['a row with too few', file([HEADER, ROWS[0] as string, '"42","1"', FOOTER]), 'expect 3, got 2 on line 3'],
    ['a footer in the middle', file([HEADER, FOOTER, ...ROWS]), 'expect 3, got 2 on line 2'],
    ['two footers', file([HEADER, ...ROWS, FOOTER, FOOTER]), 'expect 3, got 2 on line 4'],
    ['a footer of no month', file([HEADER, ...ROWS, 'Month of Xyz, As of 07/10/2024']), 'expect 3, got 2 on line'],
    ['a footer of no day', file([HEADER, ...ROWS, 'Month of Feb, As of 02/30/2024']), 'expect 3, got 2 on line'],
    ['a page behind the rows', `${file([HEADER, ...ROWS])}\r\n<!DOCTYPE html>\r\n<html></html>\r\n`, 'expect 3, got 1 on line'],
    ['two columns of one name', file(['"District","DISTRICT."', '"1","2"']), 'two of its columns have one name'],
    ['a stray quote', file([HEADER, '"42","1"x,"A"', FOOTER]), ''],
  ])('has %s', (_, text, why) => {
    expect(() => readTable(text)).toThrow(Unreadable)
    expect(() => readTable(text)).toThrow(why)
  })

  it('is one that breaks off, wherever it does inside a line', () => {
    for (let end = WHOLE.indexOf(ROWS[0] as string) + 1; end < WHOLE.trimEnd().length; end++) {
      const cut = WHOLE.slice(0, end)
      // At a line end it is a file without a footer; the check decides on those.
      if (/\r\n?$/.test(cut)) expect(readTable(cut).footer).toBeUndefined()
      else expect(() => readTable(cut)).toThrow(Unreadable)
    }
  })

  it('is found out in a moment, however large it is', () => {
    const began = performance.now()
    for (const part of ['\r\n', ' ', '"', ',', 'Month of Jun ', '<script>', 'a,b\r\n', '"a""']) {
      expect(() => readTable(`x,y,z\r\n${part.repeat(Math.ceil(5e6 / part.length))}!\r\n`)).toThrow(Unreadable)
    }
    expect(() => readTable(`${HEADER}\r\n"Month of Jun${' '.repeat(5e6)}","x"\r\n`)).toThrow(Unreadable)
    expect(performance.now() - began).toBeLessThan(20_000)
  }, 60_000)

  it('has names that nothing inherits', () => {
    const table = readTable(file(['"__proto__","constructor"', '"a","b"']))
    expect(table.columns).toEqual(['proto', 'constructor'])
    expect(table.rows).toEqual([
      Object.fromEntries([
        ['proto', 'a'],
        ['constructor', 'b'],
      ]),
    ])
  })
})

it('column names are compared without case, signs and spaces', () => {
  expect(['Mem. dues on time Oct', '% Club Growth', 'Level 4s, Level 5s, or DTM award', ' DISTRICT '].map(normalName)).toEqual([
    'mem dues on time oct',
    'percent club growth',
    'level 4s level 5s or dtm award',
    'district',
  ])
})
