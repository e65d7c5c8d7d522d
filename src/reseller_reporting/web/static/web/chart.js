// The chart of a report. The table below it has the exact figures; here they are drawn.
(() => {
  const place = document.getElementById("chart");
  const { names, values } = JSON.parse(document.getElementById("chart-data").textContent);
  const chart = echarts.init(place, null, { renderer: "canvas" });
  const draw = () => {
    const style = getComputedStyle(document.body);
    const text = style.getPropertyValue("color");
    const short = (line) => (line.length > 18 ? `${line.slice(0, 17)}…` : line);
    const label = (name) => name.split("\n").map(short).join("\n"); // A namesake's second line tells it apart.
    chart.setOption({
      animation: false,
      textStyle: { fontFamily: style.fontFamily, color: text },
      grid: { left: 8, right: 16, top: 8, bottom: 8, containLabel: true },
      // Rich text is drawn: a tooltip of HTML would be a door for names.
      tooltip: { renderMode: "richText", trigger: "item" },
      xAxis: { type: "value", axisLabel: { color: text, hideOverlap: true }, splitLine: { lineStyle: { color: text, opacity: 0.15 } } },
      yAxis: { type: "category", inverse: true, data: names, axisLabel: { color: text, formatter: label, lineHeight: 13 } },
      series: [{ type: "bar", data: values.map(Number), itemStyle: { color: "#206bc4" }, barMaxWidth: 18 }],
    });
  };
  draw();
  new ResizeObserver(() => chart.resize()).observe(place);
  new MutationObserver(draw).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
})();
