extension ReportPage {
  /// The style sheet: light and dark, from 320 pixels up; blue and vermilion, which every kind of sight tells apart.
  static let style: StaticString = """
    :root{color-scheme:light dark;--page:#f5f6f7;--card:#fff;--ink:#1b1f24;--soft:#59626c;--line:#d9dde2;
    --good:#0b6fb8;--tint:#dcebf7;--bad:#c2410c;--pale:#fbe6db}
    @media(prefers-color-scheme:dark){:root{--page:#12161a;--card:#1b2127;--ink:#e6e9ec;--soft:#a0abb6;--line:#333c45;
    --good:#4aa3e0;--tint:#1d3446;--bad:#ff8c5a;--pale:#46281a}}
    *{box-sizing:border-box}
    body{margin:0;background:var(--page);color:var(--ink);font:15px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
    main{max-width:1080px;margin:0 auto;padding:24px 20px 48px}
    header{margin:0 0 18px}
    h1{font-size:28px;line-height:1.2;margin:0;overflow-wrap:anywhere}
    h2{font-size:19px;margin:0 0 2px}
    p{margin:0}
    .kicker{color:var(--soft);font-size:13px}
    .verdict{margin-top:6px;font-size:17px}
    .lead{color:var(--soft);max-width:76ch;margin-bottom:12px}
    .note{color:var(--soft);font-size:13px;overflow-wrap:anywhere}
    section{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:16px 18px 18px;margin-top:16px}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:0}
    .tiles div{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
    dt{color:var(--soft);font-size:13px}
    dd{margin:0}
    dd.value{font-size:24px;line-height:1.3;font-variant-numeric:tabular-nums}
    .finding{margin-top:8px;border-left:4px solid var(--bad);background:var(--pale);border-radius:4px;padding:8px 12px;overflow-wrap:anywhere}
    .finding.harmless{border-left:4px dotted var(--soft);background:var(--page)}
    .layer{font-weight:600;color:inherit;text-decoration-color:var(--soft)}
    .finding h3{font-size:15px;margin:0}
    .finding small{font-size:13px;font-weight:400;color:var(--soft)}
    .finding ul{margin:2px 0 0;padding:0;list-style:none}
    .finding p,.finding li,.finding summary{font-size:14px}
    .remedy{font-size:13px;font-weight:400;float:right;margin-left:12px;overflow-wrap:anywhere}
    code{font:13px/1.4 ui-monospace,"SF Mono",Menlo,"DejaVu Sans Mono",monospace;background:var(--card);border:1px solid var(--line);border-radius:4px;padding:1px 6px}
    details{margin-top:8px}
    summary{cursor:pointer;margin-bottom:8px}
    figure{margin:0}
    figcaption{font-size:13px;margin-bottom:8px;overflow-wrap:anywhere}
    .panels{display:grid;gap:18px 32px;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));align-items:end}
    .panels.wide{grid-template-columns:minmax(0,1fr)}
    .axes{padding:6px 0 0 36px}
    .plot{position:relative;height:96px}
    .memory .plot{height:260px}
    .y{position:absolute;left:-36px;width:29px;text-align:right;font-size:11px;line-height:1;color:var(--soft);transform:translateY(50%)}
    .numbers{position:relative;height:18px}
    .numbers span{position:absolute;top:3px;transform:translateX(-50%);font-size:11px;color:var(--soft)}
    .rule{position:absolute;left:0;right:0;border-top:1px solid var(--line)}
    .limit{position:absolute;left:0;right:0;border-top:1.5px dashed var(--bad)}
    .limit b{position:absolute;right:0;bottom:1px;font-size:10px;line-height:1;font-style:normal;color:var(--bad);background:var(--card);padding:0 2px}
    .slot{position:absolute;top:0;bottom:0}
    .slot:hover{background:var(--tint)}
    .bar{position:absolute;left:12%;right:12%;min-height:1px;background:var(--good)}
    .bad .bar{background:repeating-linear-gradient(45deg,var(--bad) 0 3px,var(--pale) 3px 4.5px);outline:1px solid var(--bad);outline-offset:-1px}
    .whisker{position:absolute;left:50%;width:1px;background:var(--soft)}
    .tick{position:absolute;left:4%;right:4%;border-top:2px solid var(--ink)}
    .cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr));gap:14px}
    .card{border:1px solid var(--line);border-radius:6px;padding:10px 12px}
    .card figcaption{margin-bottom:4px}
    .card svg{display:block;width:100%;height:auto;max-width:420px}
    svg text{font:11px system-ui,"DejaVu Sans",sans-serif;fill:var(--soft)}
    svg text.strong{fill:var(--ink);font-weight:600}
    .chosen{fill:var(--tint)}
    .count{fill:var(--good)}
    .clipped{stroke:var(--bad);stroke-width:.6}
    .stripe{fill:var(--bad)}
    .gap{fill:var(--pale)}
    .axis{stroke:var(--soft);stroke-width:1}
    .bound{stroke:var(--ink);stroke-width:1.2;stroke-dasharray:4 2}
    .block{position:absolute;background:var(--tint);border:1px solid var(--good);overflow:hidden;font-size:11px;line-height:1.2;padding:1px 3px}
    .block b{font-weight:400;display:block;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
    .block.peak{background:repeating-linear-gradient(45deg,var(--pale) 0 5px,var(--card) 5px 8px);border-color:var(--bad)}
    .block.peak b{background:var(--card)}
    .panel>.note{margin-top:6px}
    .net{font-size:13px;line-height:1.35}
    .row{display:flex;align-items:stretch;min-height:26px;column-gap:10px}
    .row:nth-child(odd){background:var(--page)}
    .row>span{padding:4px 0;flex:0 0 auto}
    .row .lanes{position:relative;padding:0}
    .row.head{color:var(--soft);background:none}
    .lanes svg{position:absolute;left:0;top:0;width:100%;height:100%}
    .wire{fill:none;stroke:var(--soft);stroke-width:1.5;vector-effect:non-scaling-stroke}
    .node{fill:none;stroke:var(--good);stroke-width:9;stroke-linecap:round;vector-effect:non-scaling-stroke}
    .bad .node{stroke:var(--bad);stroke-linecap:square}
    .row .name{flex:1 1 0;min-width:0;overflow-wrap:anywhere}
    .name small{color:var(--soft);font-size:12px}
    .name em{font-style:normal;color:var(--bad);font-size:12px;margin-left:6px}
    .row .shape{width:100px;text-align:right}
    .row .number{width:62px;text-align:right;font-variant-numeric:tabular-nums;position:relative}
    .row .db{width:96px}
    .db b{position:relative;font-weight:400}
    .meter{position:absolute;left:0;top:6px;bottom:6px;max-width:56px;background:var(--good);opacity:.35}
    .bad .meter{background:var(--bad)}
    .row:target{outline:2px solid var(--bad)}
    .facts{margin:8px 0 0;display:grid;grid-template-columns:repeat(auto-fit,minmax(220px,1fr));gap:10px}
    .facts dd{overflow-wrap:anywhere}
    table{border-collapse:collapse;margin-top:14px;font-size:13px;width:100%}
    th,td{text-align:right;padding:4px 6px;border-top:1px solid var(--line);font-weight:400}
    th{color:var(--soft)}
    th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
    tr.chosen{background:var(--tint);font-weight:600}
    tr.chosen td{font-weight:600}
    .notes{margin:14px 0 0;padding-left:20px;overflow-wrap:anywhere;font-size:14px}
    @media(max-width:640px){main{padding:16px 10px 32px}section{padding:12px 12px 14px;border-radius:6px}h1{font-size:24px}
    .tiles{grid-template-columns:1fr 1fr;gap:8px}.tiles div:first-child:nth-last-child(odd){grid-column:1/-1}.remedy{float:none;display:block;margin:2px 0}.tiles div{padding:10px 10px}dd.value{font-size:20px}
    .bar{left:6%;right:6%}.row{column-gap:6px}.row .shape,.row .work{display:none}.row .number{width:52px}.row .db{width:48px}.meter{display:none}}
    """
}
