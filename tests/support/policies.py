"""A serving policy of format 2 with purposes, a party, levels and limits, for tests."""

from pathlib import Path

POLICY_2 = """\
format: 2
version: 2.0.0
ask: data-steward
roles:
  analyst: {en: Analyst, zh: 数据分析师}
  engineer: {en: Data engineer, zh: 数据工程师}
  steward: {en: Data steward, zh: 数据管理员}
  cdo: {en: Chief data officer, zh: 首席数据官}
purposes:
  process-quality: {en: Process quality, zh: 工艺质量}
  failure-analysis: {en: Failure analysis, zh: 失效分析, approval: [steward, cdo], days: 14}
parties:
  supplier-a: {en: Supplier A, zh: 供应商甲}
categories: {none: plain, personal.name: name, personal.phone: phone, personal.resident_id: edges}
limits:
  - {id: no-numbers-outside, why: Numbers of people stay inside., roles: ["*"], grades: ["*"], categories: [personal.phone, personal.resident_id], parties: [supplier-a], action: deny}
  - {id: core-denied, why: Core data stay inside., roles: ["*"], grades: [core], categories: ["*"], action: deny, ask: cdo}
rules:
  - {id: failures, why: A failure is analysed with what was measured., roles: [analyst], grades: [important], categories: [none], purposes: [failure-analysis], action: clear}
  - {id: steward-decides, why: She confirms grades., roles: [steward], grades: ["*"], categories: ["*"], action: clear}
  - {id: masked, why: People are shown in part., roles: [analyst, engineer], grades: [general, important], categories: [personal.name, personal.phone], action: mask}
  - {id: bands, why: Important data in bands., roles: [analyst], grades: [important], categories: [none], action: generalise}
  - {id: open, why: General data are open., roles: ["*"], grades: [general], categories: [none], parties: [own, supplier-a], action: clear}
"""


def write_policy(root: Path, text: str = POLICY_2) -> Path:
    """The policy as the project's own."""
    file = root / "expectations" / "policies" / "serving.yaml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file
