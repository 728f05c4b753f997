// SPDX-License-Identifier: Apache-2.0
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { download, toCsv } from '../data/csv';
import { formatCount } from '../data/format';
import { go, type Route } from '../data/route';

export interface Column<Row> {
  /** Its name in the CSV file and in the address. */
  id: string;
  title: string;
  /** Explains the title. */
  hint?: string;
  /** Undefined for what is in the CSV file only. */
  cell?: (row: Row) => ComponentChildren;
  /** What the CSV file holds; undefined leaves the column out. */
  value?: (row: Row) => string | number;
  /** What rows are sorted by; undefined if they cannot be. */
  key?: (row: Row) => bigint | number | string;
  isText?: boolean;
  /** Left out where there is little room. */
  isMinor?: boolean;
}

const ROWS_FIRST = 50;

function compare(a: bigint | number | string, b: bigint | number | string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sorted<Row>(rows: Row[], columns: Column<Row>[], sort: string): Row[] {
  const falling = sort.startsWith('-');
  const key = columns.find((column) => column.id === sort.replace(/^-/, ''))?.key;
  if (key === undefined) {
    return rows;
  }
  return [...rows].sort((a, b) => (falling ? compare(key(b), key(a)) : compare(key(a), key(b))));
}

function HeaderCell<Row>(props: { column: Column<Row>; sort: string; onSort: (s: string) => void }) {
  const { column, sort } = props;
  const isSorted = sort.replace(/^-/, '') === column.id;
  const direction = !isSorted ? 'none' : sort.startsWith('-') ? 'descending' : 'ascending';
  const next = direction === 'descending' ? column.id : `-${column.id}`;
  return (
    <th
      scope="col"
      aria-sort={column.key === undefined ? undefined : direction}
      class={`${column.isText ? 'text' : ''} ${column.isMinor ? 'minor' : ''}`}
      title={column.hint}
    >
      {column.key === undefined ? (
        column.title
      ) : (
        <button type="button" onClick={() => props.onSort(next)}>
          {column.title}
          <span aria-hidden="true">
            {direction === 'none' ? '' : direction === 'descending' ? ' ↓' : ' ↑'}
          </span>
        </button>
      )}
    </th>
  );
}

function toFile<Row>(file: string, columns: Column<Row>[], rows: Row[]): void {
  const saved = columns.filter((column) => column.value !== undefined);
  const cells = rows.map((row) => saved.map((column) => column.value?.(row) ?? ''));
  download(`${file}.csv`, toCsv(saved.map((column) => column.id), cells));
}

/** Says so where the file will not have all there is. */
function SaveButton<Row>(props: {
  file: string;
  columns: Column<Row>[];
  rows: Row[];
  sort: string;
  total?: number;
  fetchAll?: (onProgress: (rows: number) => void) => Promise<Row[]>;
}) {
  const { file, columns, rows, fetchAll } = props;
  const [state, setState] = useState('');
  const [busy, setBusy] = useState(false);
  const total = props.total ?? rows.length;
  const isPart = total > rows.length;
  const save = async () => {
    if (!isPart || fetchAll === undefined) {
      toFile(file, columns, rows);
      return;
    }
    setBusy(true);
    try {
      const all = await fetchAll((count) => setState(`${formatCount(count)} of ${formatCount(total)} read`));
      toFile(file, columns, sorted(all, columns, props.sort));
      setState('');
    } catch (problem) {
      setState(`Not saved: ${problem instanceof Error ? problem.message : String(problem)}`);
    }
    setBusy(false);
  };
  const what = !isPart ? '' : fetchAll === undefined ? ` of these ${formatCount(rows.length)}` : ` of all ${formatCount(total)}`;
  return (
    <span class="save">
      <span role="status" class="dim">{state}</span>
      <button type="button" class="quiet" onClick={() => void save()} disabled={busy || rows.length === 0}>
        Download CSV{what}
      </button>
    </span>
  );
}

/** A table whose order stands in the address under `sort`, if it `route`s one. */
export function Table<Row>(props: {
  caption: string;
  /** The name of the CSV file, without its ending. */
  file: string;
  columns: Column<Row>[];
  rows: Row[];
  keyOf: (row: Row) => string;
  /** Given if the order is part of the address. */
  route?: Route;
  isPending?: boolean;
  /** Given if there are more rows than `rows`: fetches all for the CSV file, telling how many
   * there are already. */
  fetchAll?: (onProgress: (rows: number) => void) => Promise<Row[]>;
  /** How many rows there are, those not fetched among them. */
  total?: number;
}) {
  const { rows, route } = props;
  const columns = props.columns.filter((column) => column.cell !== undefined);
  const [ownSort, setOwnSort] = useState('');
  const [shown, setShown] = useState(ROWS_FIRST);
  const sort = route?.sort ?? ownSort;
  const setSort = (next: string) => (route ? go({ ...route, sort: next }) : setOwnSort(next));
  const ordered = sorted(rows, columns, sort);
  return (
    <section class="table" aria-busy={props.isPending === true}>
      <div class="table-head">
        <h2>{props.caption}</h2>
        <SaveButton file={props.file} columns={props.columns} rows={ordered} sort={sort} total={props.total} fetchAll={props.fetchAll} />
      </div>
      <div class="scroll" tabIndex={0} role="region" aria-label={props.caption}>
        <table>
          <thead>
            <tr>
              {columns.map((column) => (
                <HeaderCell key={column.id} column={column} sort={sort} onSort={setSort} />
              ))}
            </tr>
          </thead>
          <tbody>
            {ordered.slice(0, shown).map((row) => (
              <tr key={props.keyOf(row)}>
                {columns.map((column) => (
                  <td
                    key={column.id}
                    data-column={column.id}
                    data-title={column.title}
                    class={`${column.isText ? 'text' : ''} ${column.isMinor ? 'minor' : ''}`}
                  >
                    {column.cell?.(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {ordered.length > shown && (
        <button type="button" class="more" onClick={() => setShown(ordered.length)}>
          Show all {formatCount(ordered.length)} rows
        </button>
      )}
    </section>
  );
}
