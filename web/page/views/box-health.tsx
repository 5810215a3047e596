/** Health of a box: what is found now, what to do, and what was found in the range. */
import type { Box, FindingEntry } from '../../../web-service/api/index.js';
import { type FindingSpan, findingName, spansOf } from '../../logic/findings.js';
import { duration } from '../../logic/numbers.js';
import type { Range } from '../../logic/range.js';
import { text } from '../../logic/text.js';
import { useLive } from '../api/live.js';
import { useReload } from '../api/load.js';
import { usePages } from '../api/pages.js';
import { Card } from '../parts/card.js';
import { SeverityBadge } from '../parts/marks.js';
import { More } from '../parts/more.js';
import { Shown, WithCode } from '../parts/states.js';
import { type Column, Table } from '../parts/table.js';
import { Time } from '../parts/time.js';

const keyOf = ({ began, info, timestamp_ms }: FindingEntry): string => `${timestamp_ms} ${began} ${info}`;
const spanKey = ({ key }: FindingSpan): string => key;

export function BoxHealth({ box, range }: { box: Box; range: Range }) {
  const pages = usePages<FindingEntry>(
    `/boxes/${encodeURIComponent(box.box_id)}/findings`,
    { from: Math.round(range.fromMs), to: Math.round(range.toMs), limit: 200 },
    keyOf,
  );
  useLive('findings', useReload(pages.loaded));
  const now = box.findings.map(({ code }) => code);
  return (
    <Card title={text.box.health} flush>
      <div class="pad-all">
        <Findings box={box} />
      </div>
      <h3 class="pad">{text.box.findingsOverTime}</h3>
      <Shown loaded={pages.loaded} lines={2}>
        {() =>
          pages.items.length === 0 && !pages.hasMore ? (
            <p class="quiet pad">{text.box.noFindingsOverTime}</p>
          ) : (
            <Table
              label={text.box.findingsOverTime}
              columns={COLUMNS}
              rows={spansOf(pages.items, now)}
              keyOf={spanKey}
              onKeys={false}
            />
          )
        }
      </Shown>
      <More pages={pages} />
    </Card>
  );
}

const COLUMNS: readonly Column<FindingSpan>[] = [
  {
    key: 'from',
    title: text.alerts.began,
    cell: ({ fromMs }) => (fromMs === undefined ? text.box.beganBefore : <Time ms={fromMs} />),
  },
  {
    key: 'finding',
    title: text.box.finding,
    class: () => 'wide',
    cell: ({ code, info }) => (
      <>
        {code === undefined ? null : <b>{findingName(code)}</b>} {info}
      </>
    ),
  },
  {
    key: 'lasted',
    title: text.alerts.columns.lasted,
    isNumber: true,
    cell: ({ fromMs, goesOn, toMs }) => {
      if (goesOn) return text.events.goesOn;
      return fromMs === undefined || toMs === undefined ? '' : duration(toMs - fromMs);
    },
  },
];

function Findings({ box }: { box: Box }) {
  if (box.findings.length === 0) return <p>{text.box.noFindings}</p>;
  return (
    <div class="stack">
      {box.findings.map((finding) => (
        <div key={finding.code}>
          <p>
            <SeverityBadge severity="warning" label={findingName(finding.code)} /> {finding.meaning}.{' '}
            {finding.info}
          </p>
          <p class="quiet">
            <Time ms={finding.since_ms} precision="minute" />. {text.box.todo}
            <WithCode line={finding.todo} />.
          </p>
        </div>
      ))}
    </div>
  );
}
