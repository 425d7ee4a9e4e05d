"""Drives the page in headless Chromium as a person would, by keyboard where it can, and takes screenshots.

Usage: drive.py URL FOLDER RECORDING
"""
import base64
import sys
import time

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

URL, FOLDER, RECORDING = sys.argv[1:4]
WAIT_S = 120


def browser(width, height, dark, touch=False):
    options = webdriver.ChromeOptions()
    for flag in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required",
                 "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream", f"--window-size={width},{height}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    if touch:
        options.add_experimental_option("mobileEmulation", {
            "deviceMetrics": {"width": width, "height": height, "pixelRatio": 2.0}})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService("/usr/bin/chromedriver"))
    if dark:
        driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    driver.get(URL)
    until(driver, lambda: "parameters" in driver.find_element(By.ID, "about").text)
    return driver


def until(driver, condition):
    WebDriverWait(driver, WAIT_S, poll_frequency=0.1).until(lambda _: condition())


def text(driver, name):
    return driver.find_element(By.ID, name).text


def shot(driver, name):
    metrics = driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    picture = driver.execute_cdp_cmd("Page.captureScreenshot", {
        "captureBeyondViewport": True,
        "clip": {"x": 0, "y": 0, "width": metrics["width"], "height": metrics["height"], "scale": 1}})
    with open(f"{FOLDER}/{name}.png", "wb") as file:
        file.write(base64.b64decode(picture["data"]))


def check_quiet(driver):
    loud = [e for e in driver.get_log("browser") if e["level"] == "SEVERE"]
    assert not loud, loud


def drawn(driver, name):
    """Whether a canvas has more than one colour."""
    return driver.execute_script("""
        const c = document.getElementById(arguments[0]), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
        const seen = new Set();
        for (let i = 0; i < d.length; i += 4) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2] | d[i + 3] << 24);
        return seen.size > 1;""", name)


def speak(driver):
    driver.find_element(By.ID, "speak-text").send_keys(Keys.TAB)
    driver.find_element(By.ID, "speak-go").send_keys(Keys.ENTER)
    until(driver, lambda: driver.find_elements(By.CSS_SELECTOR, "#speak-words span"))
    # A word lights up while it sounds.
    until(driver, lambda: driver.find_elements(By.CSS_SELECTOR, "#speak-words span.now"))
    until(driver, lambda: "first sound" in text(driver, "speak-status"))
    assert "first sound" in text(driver, "speak-status"), text(driver, "speak-status")
    assert drawn(driver, "speak-wave") and drawn(driver, "speak-spec")
    assert driver.find_element(By.ID, "speak-save").get_attribute("href").startswith("blob:")


def by_keyboard(driver, presses):
    """Moves along the tabs with arrow keys."""
    for _ in range(presses):
        driver.switch_to.active_element.send_keys(Keys.ARROW_RIGHT)


def main():
    desk = browser(1100, 900, dark=False)
    speak(desk)
    shot(desk, "speak-light")
    desk.find_element(By.ID, "tab-speak").click()
    by_keyboard(desk, 1)
    assert desk.find_element(By.ID, "listen").is_displayed() and not desk.find_element(By.ID, "speak").is_displayed()
    desk.find_element(By.ID, "listen-file").send_keys(RECORDING)
    until(desk, lambda: desk.find_elements(By.CSS_SELECTOR, "#listen-words button"))
    until(desk, lambda: drawn(desk, "listen-wave"))
    shot(desk, "transcribe-light")
    # Chromium's false microphone beeps; the connection and the end are what counts.
    desk.find_element(By.ID, "listen-mic").click()
    time.sleep(2)
    desk.find_element(By.ID, "listen-mic").click()
    until(desk, lambda: text(desk, "listen-status") in ("done", "no words were recognized"))
    by = desk.find_element(By.ID, "tab-listen")
    by.click()
    by_keyboard(desk, 1)
    desk.find_element(By.ID, "compare-go").send_keys(Keys.ENTER)
    until(desk, lambda: text(desk, "compare-status") == "done")
    assert drawn(desk, "compare-a-wave") and drawn(desk, "compare-b-spec")
    shot(desk, "compare-light")
    desk.find_element(By.ID, "tab-compare").click()
    by_keyboard(desk, 1)
    assert len(desk.find_elements(By.CSS_SELECTOR, "#voice-rows tr")) >= 1
    desk.find_element(By.ID, "voice-name").send_keys("Page's own voice")
    desk.find_element(By.ID, "voice-file").send_keys(RECORDING)
    desk.find_element(By.CSS_SELECTOR, "#voice-form button.main").click()
    until(desk, lambda: text(desk, "voice-status") == "added")
    shot(desk, "voices-light")
    desk.find_element(By.CSS_SELECTOR, "[aria-label=\"Delete Page's own voice\"]").click()
    until(desk, lambda: not desk.find_elements(By.CSS_SELECTOR, "[aria-label=\"Delete Page's own voice\"]"))
    desk.find_element(By.ID, "tab-voices").click()
    by_keyboard(desk, 1)
    names = [o.get_attribute("value") for o in desk.find_elements(By.CSS_SELECTOR, "#task-list option")]
    desk.find_element(By.CSS_SELECTOR, f"#task-list option[value={next(n for n in names if n == 'g2p')}]").click()
    desk.find_element(By.CSS_SELECTOR, "#task-fields [name=text]").send_keys("Zyxomma is a dragonfly.")
    desk.find_element(By.ID, "task-go").click()
    until(desk, lambda: text(desk, "task-status") == "done")
    assert "phones" in text(desk, "task-answer")
    shot(desk, "tasks-light")
    check_quiet(desk)
    desk.quit()

    night = browser(1100, 900, dark=True)
    speak(night)
    shot(night, "speak-dark")
    check_quiet(night)
    night.quit()

    phone = browser(390, 844, dark=False, touch=True)
    speak(phone)
    shot(phone, "speak-phone")
    for name in ["listen", "compare", "voices", "tasks", "key"]:
        phone.find_element(By.ID, f"tab-{name}").click()
        wide = phone.execute_script("return document.documentElement.scrollWidth")
        assert wide <= 390, f"{name} is {wide} pixels wide"
    shot(phone, "key-phone")
    check_quiet(phone)
    phone.quit()
    print("the page works; screenshots are in", FOLDER)


main()
