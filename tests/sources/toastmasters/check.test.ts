import { checkBody } from '../../../backend/sources/toastmasters/check'
import { askFor } from '../../support/toastmasters'

/* Whether an answer is the file that was asked for. */

const SUMMARY = '"REGION","DISTRICT","Paid Clubs","Active Clubs"'
const CLUBS = '"District","Division","Area","Club Number","Club Name","Active Members","Goals Met"'
const DISTRICT = '"District","Division","Area","Club","Club Name","Total to Date"'
const DIVISION = '"District","Division","Area","Club","Club Name","October Renewals"'
const file = (...lines: string[]) => lines.map((line) => `${line}\r\n`).join('')
const summary = (footer: string, ...ids: string[]) =>
  file(SUMMARY, ...ids.map((id) => `"01","${id}","10","12"`), ...(footer ? [footer] : []))
const clubs = (footer: string, ...districts: string[]) =>
  file(CLUBS, ...districts.map((id, n) => `"${id}","A","01","0000${n}","Club","20","5"`), ...(footer ? [footer] : []))

const close = askFor()
const inMonth = askFor({ asOf: '2026-05-20' })
const ofDistrict = askFor({ report: 'clubperformance', district: '02' })
const MAY = 'Month of May, As of 06/03/2026'
const check = (text: string, ask = close, via: 'archive' | 'root' = 'archive', status = 200) => checkBody(ask, via, { status, text })
const refused = (why: string) => ({ wrong: 'validation_failed', retry: false, reason: expect.stringContaining(why) })
const failed = (why: string) => ({ wrong: 'fetch_failed', retry: true, reason: expect.stringContaining(why) })
const unavailable = { none: 'unavailable', reason: expect.stringContaining('no rows') }
const accepted = (logicalDate: string, programYear = '2025-2026') => expect.objectContaining({ logicalDate, programYear })

describe('a file that was asked for', () => {
  it('is of its day, or of the last day of the month that was closing', () => {
    expect(check(summary(MAY, '01', 'F', 'U'))).toEqual(accepted('2026-05-31'))
    expect(check(summary('Month of May, As of 5/20/2026', '01'), inMonth, 'root')).toEqual(accepted('2026-05-20'))
    const december = askFor({ monthEnd: '2026-12-31', asOf: '2027-01-05', programYear: '2026-2027' })
    expect(check(summary('Month of Dec, As of 01/05/2027', '01'), december)).toEqual(accepted('2026-12-31', '2026-2027'))
  })

  it('of a new year that shows June still is the close of the old year', () => {
    const july = askFor({ monthEnd: '2026-07-31', asOf: '2026-07-06', programYear: '2026-2027' })
    expect(check(summary('Month of Jun, As of 07/06/2026', '01'), july, 'root')).toEqual(accepted('2026-06-30', '2025-2026'))
  })

  it('may have ids with and without zeros, and lower numbers than before', () => {
    expect(check(clubs(MAY, '2', '02', '002'), ofDistrict, 'root')).toEqual(accepted('2026-05-31'))
    expect(check(clubs(MAY, 'F'), askFor({ report: 'clubperformance', district: 'F' }))).toEqual(accepted('2026-05-31'))
  })

  it('may lack its footer in the archive, never at the root', () => {
    expect(check(summary('', '01'))).toEqual(accepted('2026-05-31'))
    expect(check(summary('', '01'), inMonth)).toEqual(accepted('2026-05-20'))
    expect(check(summary('', '01'), close, 'root')).toEqual(refused('does not say which day it is of'))
  })
})

describe('a file of something else (D1: today under a past date)', () => {
  it.each([
    ['today', 'Month of Nov, As of 11/28/2026', '2026-11-28, not of 2026-06-03'],
    ['the day before', 'Month of May, As of 06/02/2026', '2026-06-02, not of 2026-06-03'],
    ['the same day of another year', 'Month of May, As of 06/03/2025', '2025-06-03'],
    ['the next month', 'Month of Jun, As of 06/03/2026', 'month 6, as of 2026-06-03'],
    ['the month before the one that closes', 'Month of Apr, As of 06/03/2026', 'month 4, as of 2026-06-03'],
    ['a month to come', 'Month of Jul, As of 06/03/2026', 'month 7'],
  ])('is refused: %s', (_, footer, why) => {
    for (const via of ['archive', 'root'] as const) {
      expect(check(summary(footer, '01'), close, via)).toEqual(refused(why))
      expect(check(clubs(footer, '02'), ofDistrict, via)).toEqual(refused(why))
    }
  })

  it('is refused when two months back is shown for a day inside the month', () => {
    expect(check(summary('Month of Mar, As of 05/20/2026', '01'), inMonth)).toEqual(refused('month 3'))
  })

  it('is refused by its districts', () => {
    expect(check(clubs(MAY, '02', '03'), ofDistrict)).toEqual(refused('district "03"'))
    expect(check(clubs(MAY, '20'), ofDistrict)).toEqual(refused('district "20"'))
    expect(check(clubs(MAY, ''), ofDistrict)).toEqual(refused('district ""'))
    for (const odd of ['Month of Jun', '../etc', '0', 'D 42', '<b>', 'As of 06/03/2026']) {
      expect(check(summary(MAY, '01', odd))).toEqual(refused('district'))
    }
  })

  it('is refused where a footer stands among the rows', () => {
    expect(check(file(SUMMARY, '"01","01","10","12"', `"","${MAY}","",""`, '"01","02","10","12"', MAY))).toEqual(refused('Month of May'))
  })

  it.each([
    ['districtsummary', SUMMARY.replace('DISTRICT', 'Area'), null],
    ['clubperformance', CLUBS.replace('Club Number', 'Number'), '02'],
    ['clubperformance', DISTRICT, '02'],
    ['districtperformance', CLUBS, '02'],
    ['districtperformance', DIVISION, '02'],
    ['divisionperformance', SUMMARY, '02'],
  ] as const)('is refused without the columns of a %s', (report, header, district) => {
    expect(check(file(header, header.replace(/"[^"]*"/g, '"02"'), MAY), askFor({ report, district }))).toEqual(refused('lacks the column'))
    expect(check(file(header, MAY), askFor({ report, district }))).toEqual(refused('lacks the column'))
  })
})

describe('a file without rows', () => {
  it('is none: the dashboards do not have this capture', () => {
    for (const via of ['archive', 'root'] as const) {
      expect(check(summary(MAY), close, via)).toEqual(unavailable)
      expect(check(clubs(MAY), ofDistrict, via)).toEqual(unavailable)
    }
    expect(check(summary('Month of Jun, As of 06/03/2026'))).toEqual(unavailable)
  })

  it('of another day says nothing of the day asked for', () => {
    expect(check(summary('Month of Nov, As of 11/28/2026'), close, 'root')).toEqual(refused('2026-11-28'))
  })

  it('and without its footer may be the beginning of one that has rows', () =>
    expect(check(summary(''))).toEqual(failed('after its header')))

  it('has the length that was measured, and is none', () => {
    const columns =
      'REGION,DISTRICT,DSP,Training,New Payments,April Payments,October Payments,Late Payments,Charter Payments,Total YTD Payments,Payment Base,% Payment Growth,Paid Club Base,Paid Clubs,% Club Growth,Active Clubs,Distinguished Clubs,Select Distinguished Clubs,Presidents Distinguished Clubs,Total Distinguished Clubs,% Distinguished Clubs'
    const text = file(`"${columns.split(',').join('","')}"`, MAY)
    expect(Buffer.byteLength(text)).toBe(408)
    expect(check(text)).toEqual(unavailable)
  })
})

describe('what is no file (D16)', () => {
  const ERROR =
    '<!DOCTYPE html>\r\n<html><body><form action="./error.aspx?aspxerrorpath=%2f"><h2>An error has occured</h2></form></body></html>\r\n'

  it.each([
    ['a page', ERROR],
    ['a page after blank lines', `\r\n\r\n${ERROR}`],
    ['a page after many blank lines', `${' \t\r\n'.repeat(100_000)}${ERROR}`],
    ['a page after a byte order mark', `\uFEFF\r\n${ERROR}`],
    ['a page without a doctype', '<html>Please wait</html>'],
    ['a page in capitals', '<HTML><TITLE>Error</TITLE></HTML>'],
    ['a comment and a page', `<!-- ${SUMMARY} -->${ERROR}`],
    ['XML', '<?xml version="1.0"?><error/>'],
    ['an object', '{"error": "busy"}'],
    ['a script without an end', '<script>'.repeat(600_000)],
  ])('fails and is asked for again: %s', (_, text) => {
    const began = performance.now()
    expect(check(text)).toEqual(failed('web page'))
    expect(check(text, ofDistrict, 'root')).toEqual(failed('web page'))
    expect(performance.now() - began).toBeLessThan(5000)
  })

  it.each([
    ['nothing', ''],
    ['NUL', `${summary(MAY, '01')}\0`],
    ['half a row', summary(MAY, '01', '02').slice(0, 80)],
    ['a page behind rows', `${summary('', '01', '02')}${ERROR}`],
    ['a row too long', file(SUMMARY, '"01","02","10","12","7"', MAY)],
    ['only a footer', file(MAY)],
  ])('fails and is asked for again: %s', (_, text) => {
    expect(check(text)).toEqual({ wrong: 'fetch_failed', retry: true, reason: expect.any(String) })
  })

  it('is refused where it has another header', () => {
    expect(check('An error has occured, please try again\r\n')).toEqual(refused('lacks the column'))
    expect(check(`Sorry\r\n${'Sorry\r\n'.repeat(1000)}`)).toEqual(refused('lacks the column'))
  })

  it.each([302, 404, 500, 503])('is told by its status %d, whatever comes with it', (status) => {
    expect(check(summary(MAY, '01'), close, 'archive', status)).toEqual(failed(`status ${status}`))
  })

  it('is named by a short reason', () => {
    const found = check(`<p>${'x'.repeat(5e6)}`)
    expect('reason' in found && found.reason.length).toBeLessThan(300)
    const wide = check(file(Array.from({ length: 5000 }, (_, n) => `"column ${n}"`).join(','), MAY))
    expect('reason' in wide && wide.reason.length).toBeLessThan(400)
  })
})
