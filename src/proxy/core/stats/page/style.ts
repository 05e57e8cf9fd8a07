// The style of the statistics page: light and dark as the reader's system is, wide screens and phones.

export const pageStyle = `:root{color-scheme:light dark;
--bg:#f6f7f9;--card:#fff;--text:#16181d;--soft:#5c6370;--line:#e3e6ea;--accent:#3b5bdb;--up:#16803c;--up-bg:#e3f6e9;--down:#c92a2a;--down-bg:#fdeaea;--warn:#9a5b00;--warn-bg:#fff2d9;--calm:#56606e;--calm-bg:#eceff3;--shadow:0 1px 2px #0f172a0f,0 4px 16px #0f172a0a}
@media(prefers-color-scheme:dark){:root{--bg:#0e1116;--card:#161a21;--text:#e8eaee;--soft:#99a1ae;--line:#262c36;--accent:#91a7ff;--up:#69db8b;--up-bg:#12301d;--down:#ff8787;--down-bg:#3a1717;--warn:#ffc53d;--warn-bg:#362806;--calm:#aab2be;--calm-bg:#232933;--shadow:none}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--text);font:14px/1.5 ui-sans-serif,system-ui,"Segoe UI",Roboto,"Noto Sans",sans-serif;font-variant-numeric:tabular-nums;-webkit-text-size-adjust:100%}
.page{max-width:1320px;margin:0 auto;padding:20px clamp(12px,3vw,32px) 48px}
header{display:flex;flex-wrap:wrap;align-items:center;gap:6px 14px;margin-bottom:18px}
.mark{display:block;width:30px;height:30px}
.mark rect{fill:var(--accent)}.mark path{fill:none;stroke:var(--card);stroke-width:2.4;stroke-linecap:round;stroke-linejoin:round}
h1{font-size:19px;line-height:1.2;margin:0;letter-spacing:-.01em}
.meta{color:var(--soft);flex:1;min-width:220px}
a{color:var(--accent);text-underline-offset:2px}
nav{display:flex;align-items:center;gap:12px}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(178px,1fr));gap:12px;margin-bottom:22px}
.card,section{background:var(--card);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow)}
.card{padding:12px 14px 10px;min-width:0}
.card h2{font-size:12px;font-weight:500;margin:0;color:var(--soft)}
.card p{font-size:25px;line-height:1.25;font-weight:650;margin:2px 0 4px;letter-spacing:-.02em}
.card p small{font-size:13px;font-weight:500;color:var(--soft);letter-spacing:0;margin-left:4px}
.spark{display:block;width:100%;height:28px;overflow:visible}
.spark .line{fill:none;stroke:var(--accent);stroke-width:1.6;vector-effect:non-scaling-stroke;stroke-linejoin:round;stroke-linecap:round}
.spark .area{fill:var(--accent);opacity:.12}
.spark.bad .line{stroke:var(--down)}.spark.bad .area{fill:var(--down)}
section{margin-bottom:16px;overflow:hidden}
.head{display:flex;flex-wrap:wrap;align-items:center;gap:4px 10px;padding:12px 16px}
.head h2{font-size:15px;margin:0}.head .facts{color:var(--soft)}
.wrap{overflow-x:auto;border-top:1px solid var(--line)}
table{border-collapse:collapse;width:100%}
th,td{padding:7px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}
tr:last-child td,tr:last-child th{border-bottom:0}
thead th{font-size:12px;font-weight:500;color:var(--soft)}
th:first-child,td:first-child,.l{text-align:left}th:first-child,td:first-child{padding-left:16px}th:last-child,td:last-child{padding-right:16px}
tbody th{font-weight:600}tbody th small{display:block;font-weight:400;color:var(--soft);font-size:12px}
tbody tr:hover>*{background:color-mix(in srgb,var(--accent) 5%,transparent)}
.total>*{font-weight:600}
td .spark{width:96px;height:22px;margin-left:auto}
.pill{display:inline-flex;align-items:center;gap:6px;padding:1px 9px;border-radius:99px;font-size:12px;font-weight:600;background:var(--calm-bg);color:var(--calm)}
.pill::before{content:"";width:7px;height:7px;border-radius:50%;background:currentColor}
.up{background:var(--up-bg);color:var(--up)}.down{background:var(--down-bg);color:var(--down)}.warn{background:var(--warn-bg);color:var(--warn)}
.zero{color:var(--soft);opacity:.65}.some{color:var(--down);font-weight:600}
.soft{color:var(--soft)}
button,input{font:inherit;color:inherit}
button{border:1px solid var(--line);background:var(--card);border-radius:8px;padding:3px 11px;cursor:pointer}
button:hover{border-color:var(--accent);color:var(--accent)}button:disabled{opacity:.4;cursor:default;border-color:var(--line);color:inherit}
button.first{background:var(--accent);border-color:var(--accent);color:var(--card);font-weight:600}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.actions{display:none}.admin .actions{display:table-cell}.actions button{padding:1px 9px;font-size:12px}
.js-only{display:none}.js .js-only{display:inline-flex}
.stale{color:var(--down)}
dialog{border:1px solid var(--line);border-radius:14px;background:var(--card);color:inherit;padding:22px;width:min(400px,92vw);box-shadow:0 20px 60px #0005}
dialog::backdrop{background:#0007}dialog h2{margin:0 0 4px;font-size:17px}dialog p{margin:0 0 14px;color:var(--soft)}
dialog label{display:block;margin-bottom:12px;font-weight:500}dialog input{display:block;width:100%;margin-top:4px;padding:8px 10px;border:1px solid var(--line);border-radius:8px;background:var(--bg)}
dialog .row{display:flex;justify-content:flex-end;gap:10px}.error{color:var(--down);min-height:1.5em}
@media(max-width:1500px){.wider{display:none}}
@media(max-width:760px){.wide{display:none}.cards{grid-template-columns:1fr 1fr}.card p{font-size:21px}th,td{padding:7px 8px}}
@media(prefers-reduced-motion:no-preference){.pill{transition:background .3s,color .3s}}
`;
