// The live page: asks for the figures of now once a second and draws them. Names come from clients, so all text is set as text.
'use strict';

const EVERY_MS = 1000;
const KEPT = 120;
// Points closer together tell no rate.
const CLOSEST_S = 0.5;
// A chart is as wide as this many points at least.
const FEWEST = 30;
const INSTANCES_EVERY = 5;

const by = id => document.getElementById(id);
const count = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 });
const money = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 2 });
const percent = (part, whole) => (whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : '–');

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Replaces children only where their number has changed, so that focus stays where it is.
function keep(parent, wanted, make, update) {
  while (parent.childElementCount > wanted.length) parent.lastElementChild.remove();
  wanted.forEach((item, i) => {
    if (i >= parent.childElementCount) parent.append(make(item));
    update(parent.children[i], item);
  });
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

async function ask(path, body) {
  const options = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(path, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error?.message ?? `status ${response.status}`);
  return answer;
}

const troubles = new Map();

// Shows what is wrong, or no longer is, of one kind; what is wrong of another kind stays.
function trouble(message, kind) {
  if (message) troubles.set(kind, message);
  else troubles.delete(kind);
  by('trouble').hidden = troubles.size === 0;
  setText(by('trouble'), [...troubles.values()].join(' · '));
}

// Does what a button says, and shows what comes of it.
async function act(path, body) {
  try {
    const answer = await ask(path, body);
    trouble(null, 'act');
    await refresh();
    return answer;
  } catch (error) {
    trouble(error.message, 'act');
    return null;
  }
}

const fault = body => act('/_plimsoll/fault', body);

// --- Figures ---

function figures(now) {
  const { fleet, instances, launches } = now;
  return [
    ['vCPU in use', percent(fleet.vcpus_used, fleet.vcpus), `${short.format(fleet.vcpus_used)} of ${short.format(fleet.vcpus)}`],
    ['memory in use', percent(fleet.memory_gib_used, fleet.memory_gib), `${short.format(fleet.memory_gib_used)} of ${short.format(fleet.memory_gib)} GiB`],
    ['hosts', count.format(fleet.hosts), `${count.format(fleet.hosts_used)} in use, ${count.format(fleet.hosts_down)} down`],
    ['instances', count.format(instances.running), `${count.format(instances.stopped)} stopped, ${count.format(instances.waiting)} waiting`],
    ['launched', percent(launches.succeeded, launches.requested), `${short.format(launches.succeeded)} of ${short.format(launches.requested)} asked for`],
    ['bill an hour', money.format(now.cost_usd_per_hour), `${money.format(now.cost_usd)} so far`],
  ];
}

function showFigures(now) {
  const make = () => element('div', {}, element('dt'), element('dd', {}, element('span'), element('small')));
  keep(by('figures'), figures(now), make, (box, [name, value, note]) => {
    setText(box.querySelector('dt'), name);
    setText(box.querySelector('span'), value);
    setText(box.querySelector('small'), note);
  });
}

// --- Rates ---

const history = [];

const RATES = [
  ['calls a second', point => point.calls, true],
  ['launches a second', point => point.launched, true],
  ['refusals a second', point => point.refused, true],
  ['running instances', point => point.running, false],
];

function note(now) {
  const at = performance.now() / 1000;
  if (history.length > 0 && at - history.at(-1).at < CLOSEST_S) return;
  const sum = part => now.calls.reduce((all, call) => all + part(call), 0);
  history.push({
    at,
    calls: sum(call => call.requested),
    refused: sum(call => Object.values(call.refused).reduce((all, one) => all + one, 0)),
    launched: now.launches.succeeded,
    running: now.instances.running,
  });
  if (history.length > KEPT) history.shift();
}

function series([, value, isRate]) {
  if (!isRate) return history.map(value);
  return history.slice(1).map((point, i) => Math.max(0, value(point) - value(history[i])) / (point.at - history[i].at));
}

function showRates() {
  const space = 'http://www.w3.org/2000/svg';
  const make = () => {
    const svg = document.createElementNS(space, 'svg');
    svg.setAttribute('viewBox', '0 0 100 100');
    svg.setAttribute('preserveAspectRatio', 'none');
    svg.setAttribute('role', 'img');
    svg.append(document.createElementNS(space, 'polyline'));
    return element('figure', {}, element('figcaption', {}, element('b'), element('span')), svg);
  };
  keep(by('charts'), RATES, make, (figure, rate) => {
    const values = series(rate);
    const last = values.at(-1) ?? 0;
    const most = Math.max(...values, 1e-9);
    setText(figure.querySelector('b'), short.format(last));
    setText(figure.querySelector('span'), ` ${rate[0]}`);
    figure.querySelector('svg').setAttribute('aria-label', `${rate[0]}: ${short.format(last)} now, at most ${short.format(most)} in two minutes`);
    const steps = Math.max(values.length, FEWEST) - 1;
    const x = i => 100 - (values.length - 1 - i) * (100 / steps);
    figure.querySelector('polyline').setAttribute('points', values.map((value, i) => `${x(i).toFixed(2)},${(98 - (96 * value) / most).toFixed(2)}`).join(' '));
  });
}

// --- Fleet ---

let chosen = null;

const nameOf = (level, cell) => `${level} ${cell.number}`;

function words(level, zone, cell) {
  const down = cell.down ? `, ${cell.down} of ${cell.hosts} down` : '';
  const hosts = level === 'host' ? '' : `${cell.hosts} hosts, `;
  return `${nameOf(level, cell)} in ${zone}: ${hosts}${percent(cell.vcpus_used, cell.vcpus)} of ${short.format(cell.vcpus)} vCPU in use, ${count.format(cell.instances)} instances${down}`;
}

function placeOf(level, zone, cell) {
  if (level === 'host') return { host: cell.number };
  if (level === 'rack') return { zone, rack: cell.number };
  return { zone };
}

function showZone(box, level, zone) {
  setText(box.querySelector('.name'), zone.name);
  const [fail, repair] = box.querySelectorAll('h3 button');
  fail.onclick = () => fault({ fail: { zone: zone.name } });
  repair.onclick = () => fault({ repair: { zone: zone.name } });
  const cells = box.querySelector('.cells');
  cells.setAttribute('aria-label', `Hosts of ${zone.name}; arrow keys move`);
  const make = () => element('button', { type: 'button', tabIndex: -1 });
  keep(cells, zone.cells, make, (button, cell) => {
    button.style.setProperty('--use', cell.vcpus > 0 ? Math.round((100 * cell.vcpus_used) / cell.vcpus) : 0);
    const isDown = cell.down > 0 && cell.down >= cell.hosts;
    button.className = isDown ? 'down' : cell.closed >= cell.hosts ? 'closed' : '';
    const text = words(level, zone.name, cell);
    if (button.title !== text) {
      button.title = text;
      button.setAttribute('aria-label', text);
    }
    const isChosen = chosen !== null && chosen.zone === zone.name && chosen.number === cell.number;
    button.setAttribute('aria-pressed', String(isChosen));
    button.onclick = () => choose(zone.name, cell.number);
  });
  if (!cells.querySelector('[tabindex="0"]') && cells.firstElementChild) cells.firstElementChild.tabIndex = 0;
}

function move(event) {
  const cells = [...event.currentTarget.children];
  const at = cells.indexOf(document.activeElement);
  if (at < 0) return;
  const row = cells.filter(cell => cell.offsetTop === cells[0].offsetTop).length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row }[event.key];
  const to = event.key === 'Home' ? 0 : event.key === 'End' ? cells.length - 1 : step === undefined ? -1 : at + step;
  if (to < 0 || to >= cells.length) return;
  event.preventDefault();
  cells[at].tabIndex = -1;
  cells[to].tabIndex = 0;
  cells[to].focus();
}

function makeZone() {
  const cells = element('div', { className: 'cells' });
  cells.setAttribute('role', 'group');
  cells.onkeydown = move;
  const fail = element('button', { type: 'button', className: 'harm' }, 'Fail zone');
  const repair = element('button', { type: 'button' }, 'Repair zone');
  return element('div', { className: 'zone' }, element('h3', {}, element('span', { className: 'name' }), fail, repair), cells);
}

let latest = null;

function choose(zone, number) {
  chosen = chosen !== null && chosen.zone === zone && chosen.number === number ? null : { zone, number };
  showFleet(latest);
}

function showChoice(now) {
  const panel = by('choice');
  const zone = chosen && now.zones.find(one => one.name === chosen.zone);
  const cell = zone && zone.cells.find(one => one.number === chosen.number);
  panel.hidden = !cell;
  if (!cell) return;
  const place = placeOf(now.level, zone.name, cell);
  const key = JSON.stringify(place);
  if (panel.dataset.place !== key) {
    panel.dataset.place = key;
    const buttons = place.host === undefined && place.rack === undefined ? [] : [
      element('button', { type: 'button', className: 'harm', onclick: () => fault({ fail: place }) }, `Fail ${now.level}`),
      element('button', { type: 'button', onclick: () => fault({ repair: place }) }, `Repair ${now.level}`),
    ];
    panel.replaceChildren(element('p'), element('p', { className: 'row' }, ...buttons));
  }
  setText(panel.firstElementChild, words(now.level, zone.name, cell));
}

function showFleet(now) {
  setText(by('fleet-key'), `A cell is a ${now.level}. The more of its vCPU are in use, the stronger its colour; striped is down, outlined is not open.`);
  const most = Math.max(...now.zones.map(zone => zone.cells.length));
  by('zones').style.setProperty('--cell', most <= 60 ? '1.75rem' : most <= 400 ? '1.125rem' : '.6875rem');
  keep(by('zones'), now.zones, makeZone, (box, zone) => showZone(box, now.level, zone));
  showChoice(now);
}

// --- Tables ---

function rows(table, wanted, columns, none) {
  const body = by(table).tBodies[0];
  if (wanted.length === 0) {
    const cell = element('td', { className: 'empty', colSpan: columns }, none);
    return body.replaceChildren(element('tr', {}, cell));
  }
  if (body.querySelector('.empty')) body.replaceChildren();
  const make = row => element('tr', {}, ...row.map(cell => element('td', { className: typeof cell === 'number' ? 'number' : '' })));
  keep(body, wanted, make, (line, row) => row.forEach((cell, i) => setText(line.children[i], typeof cell === 'number' ? count.format(cell) : cell)));
}

function showRefusals(now) {
  const all = now.calls.flatMap(call => Object.entries(call.refused).map(([code, refused]) => [code, call.operation, refused]));
  all.sort((a, b) => b[2] - a[2] || (a[0] < b[0] ? -1 : 1));
  rows('refusals', all, 3, 'None so far.');
}

function showStages(now) {
  by('plane').hidden = now.stages.length === 0;
  const body = by('stages').tBodies[0];
  const make = () => {
    const cells = ['', 'number', 'number', 'number'].map(className => element('td', { className }));
    const fail = element('button', { type: 'button', className: 'harm' }, 'Fail');
    const repair = element('button', { type: 'button' }, 'Repair');
    return element('tr', {}, ...cells, element('td', {}, element('div', { className: 'row' }, fail, repair)));
  };
  keep(body, now.stages, make, (line, stage) => {
    const [fail, repair] = line.querySelectorAll('button');
    fail.onclick = () => fault({ fail: { stage: stage.name } });
    repair.onclick = () => fault({ repair: { stage: stage.name } });
    fail.parentElement.hidden = !stage.can_fail;
    [stage.name, ...[stage.waiting, stage.in_service, stage.refused].map(value => count.format(value))].forEach((text, i) => setText(line.children[i], text));
  });
}

async function showInstances() {
  const { instances, complete } = await ask(`/_plimsoll/instances?match=${encodeURIComponent(by('filter').value)}`);
  const row = one => [one.id, one.type, one.state, one.zone, one.host || '–', one.account, one.launched, one.tags];
  rows('instances', instances.map(row), 8, by('filter').value ? 'None that the filter keeps.' : 'None so far.');
  setText(by('found'), complete ? `${count.format(instances.length)} shown` : `the newest ${count.format(instances.length)} shown; there may be more`);
}

// --- The page ---

let ticks = 0;

async function refresh() {
  const now = await ask('/_plimsoll/live');
  latest = now;
  document.title = `${now.scenario} · plimsoll serve`;
  setText(by('scenario'), now.scenario);
  setText(by('clock'), `${now.time} · ${now.clock} clock`);
  by('advance').hidden = now.clock !== 'stepped';
  by('forks').hidden = !now.can_fork;
  note(now);
  showFigures(now);
  showRates();
  showFleet(now);
  showRefusals(now);
  showStages(now);
}

async function tick() {
  try {
    if (document.visibilityState === 'visible') {
      await refresh();
      if (ticks++ % INSTANCES_EVERY === 0) await showInstances();
      trouble(null, 'gone');
    }
  } catch (error) {
    trouble(`The server does not answer: ${error.message}`, 'gone');
  }
  setTimeout(tick, EVERY_MS);
}

by('advance').onsubmit = event => {
  event.preventDefault();
  act('/_plimsoll/clock', { advance: by('by').value });
};
by('search').onsubmit = event => event.preventDefault();
async function search() {
  try {
    await showInstances();
    trouble(null, 'search');
  } catch (error) {
    trouble(error.message, 'search');
  }
}

let typed = 0;
by('filter').oninput = () => {
  clearTimeout(typed);
  typed = setTimeout(search, 200);
};
by('fork').onclick = async () => {
  const answer = await act('/_plimsoll/fork', {});
  if (answer) setText(by('forked'), `plimsoll run SCENARIO --from-checkpoint ${answer.checkpoint} --set duration=…`);
};
tick();
