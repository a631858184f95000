# SPDX-License-Identifier: Apache-2.0
"""The national platform's export of five days as a spreadsheet saves it (GB18030, CRLF, no year, * and --): every value that is
in it is stored, as it is, and no other; the second time all of it is known."""
import collections, csv, gzip, io, os, time
from yard import *

shared = os.path.join(os.environ.get('WQ_SHARED', ''), 'data/national_4h_20210401_0405.csv.gz')
if not os.path.exists(shared):
    skip('no ' + shared)
COLUMNS = {'temp_c': '水温(℃)', 'ph': 'pH(无量纲)', 'do_mgl': '溶解氧(mg/L)', 'cond_uscm': '电导率(μS/cm)', 'turb_ntu': '浊度(NTU)',
           'codmn_mgl': '高锰酸盐指数(mg/L)', 'nh3n_mgl': '氨氮(mg/L)', 'tp_mgl': '总磷(mg/L)', 'tn_mgl': '总氮(mg/L)',
           'chla_mgl': '叶绿素(mg/L)', 'algae_cells_l': '藻密度(cells/L)'}
NATIONAL = (('temp', '℃', 0), ('ph', '-', 0), ('do', 'mg/L', 0), ('ec', 'μS/cm', 0), ('turbidity', 'NTU', 0), ('codmn', 'mg/L', 0),
            ('nh3n', 'mg/L', 0), ('tp', 'mg/L', 0), ('tn', 'mg/L', 0), ('chla', 'mg/L', 0), ('algae', 'cells/L', 0))
STATIONS = 60
with gzip.open(shared, 'rt', encoding='utf-8') as f:
    rows = list(csv.DictReader(f))
names = sorted({r['section'] for r in rows})[:STATIONS]
rows = [r for r in rows if r['section'] in names]
out = io.StringIO()
writer = csv.writer(out, lineterminator='\r\n')
writer.writerow(['省份', '流域', '断面名称', '监测时间', '水质类别', *COLUMNS.values(), '站点情况'])
expected, empty = {}, 0
for r in rows:
    # As the platform has it: 04-01 08:00.
    writer.writerow([r['province'], r['basin'], r['section'], (r['ts'][5:10] + ' ' + r['ts'][11:16]).strip(), r['class'],
                     *(r[c] for c in COLUMNS), r['station_status']])
    for c, (alias, _, _) in zip(COLUMNS, NATIONAL):
        if r[c] in ('', '*', '--'):
            empty += 1
        else:
            expected[r['section'], alias, r['ts'][:16]] = float(r[c])
yard = Yard([(f's{i}', n) for i, n in enumerate(names)], NATIONAL)
path = yard.write('export.csv', out.getvalue().encode('gb18030'))
# Exported a week later: that says which year.
made = time.mktime((2021, 4, 8, 0, 0, 0, 0, 0, 0))
os.utime(path, (made, made))
yard.daemon()
done = yard.give(path)
cells = sum(1 for r in rows for c in COLUMNS if r[c] not in ('', '*', '--'))
yard.expect('the form is found', '(national, automatic)' in done.stdout)
yard.expect('nothing is refused', done.returncode == 0 and ' 0 refused' in done.stdout)
yard.expect(f'{empty} cells are empty', f'{empty} cells empty' in done.stdout)
yard.expect('what is left out is named', 'left out: 省份, 流域, 水质类别' in done.stdout)
stored = {(n, p, t[:16]): v for n, p, t, v in yard.query(
    'SELECT s.name, v.parameter, v.time, v.value FROM v_sample v JOIN station s ON s.key=v.station')}
print(f'{len(rows)} rows of {len(names)} sections, {cells} values, {len(expected)} of them at different times; stored {len(stored)}')
wrong = [k for k in expected.keys() | stored.keys() if expected.get(k) != stored.get(k)]
yard.expect(f'every value is stored as it is, and no other: {wrong[:3]}', not wrong and len(expected) > 10000)
done = yard.give('--year', '2021', path)
yard.expect('the year may be said', f'{cells} repeated' in done.stdout or '0 taken' in done.stdout)
yard.expect('nothing is another value', yard.query('SELECT count(*) FROM v_sample') == [(len(stored),)])
late = time.time() + 60
wait_until('the verdicts of the days', lambda: not yard.query('SELECT 1 FROM day_due'), 120)
days = yard.query("SELECT day, count(*) FROM v_daily WHERE parameter='all' GROUP BY day")
print(*days, sep='\n')
yard.expect('five days are judged', len(days) >= 5)
yard.expect('it rings nobody', yard.query('SELECT count(*) FROM notice') == [(0,)])
yard.end()
